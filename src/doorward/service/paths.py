"""Paths followed through their links, off the loop: a dead mount holds up one run and nobody else."""

from collections.abc import Mapping
from os.path import realpath

from doorward.core.errors import BadArgument
from doorward.core.parameter import has_control_characters, shown
from doorward.core.parameter_types import Value, is_inside

THREADS = 8
"""Where paths are followed; when all of these hang on dead mounts, runs with paths end by time."""


def follow_paths(paths: Mapping[str, tuple[str, str]]) -> dict[str, Value]:
    """
    Follow the links of each path; blocks for as long as the file systems take.

    Args:
        paths: parameter to path and the folder that it must be inside, both absolute.

    Raises:
        BadArgument: a path that leads out of its folder, round in a ring, or where nobody may look.

    The file behind a path may change after this: a folder that hostile users can write is no `within`.
    """
    return {name: _followed(name, path, folder) for name, (path, folder) in paths.items()}


def _followed(name: str, path: str, folder: str) -> str:
    try:
        real, real_folder = _real(path), _real(folder)
    except (OSError, ValueError) as error:
        raise BadArgument(
            name, f"a path inside {folder}", f"{shown(path)}, which cannot be followed"
        ) from error
    if has_control_characters(real):
        raise BadArgument(name, f"a path inside {folder}, without control characters", shown(path))
    if not is_inside(real, real_folder):
        raise BadArgument(name, f"a path inside {folder}", f"{shown(path)}, which leads out of it")
    return real


def _real(path: str) -> str:
    try:
        # without `strict` a ring, and a folder that cannot be read, would be handed over as they stand
        return realpath(path, strict=True)
    except FileNotFoundError:
        return realpath(path)
