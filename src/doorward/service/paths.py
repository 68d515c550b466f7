"""Paths followed through their links, off the loop: a dead mount holds up one run and nobody else."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from os.path import realpath

from doorward.core.errors import BadArgument
from doorward.core.parameter import shown
from doorward.core.parameter_types import Value, is_inside

THREADS = 8


def path_pool() -> ThreadPoolExecutor:
    """Where paths are followed; when all its threads hang on dead mounts, runs with paths end by time."""
    return ThreadPoolExecutor(THREADS, thread_name_prefix="paths")


def follow_paths(paths: Mapping[str, tuple[str, str]]) -> dict[str, Value]:
    """
    Follow the links of each path; blocks for as long as the file systems take.

    Args:
        paths: parameter to path and the folder that it must be inside, both absolute.

    Raises:
        BadArgument: a path that leads out of its folder, or round in a ring.

    The file behind a path may change after this: a folder that hostile users can write is no `within`.
    """
    return {name: _followed(name, path, folder) for name, (path, folder) in paths.items()}


def _followed(name: str, path: str, folder: str) -> str:
    try:
        real = realpath(path)
        real_folder = realpath(folder)
    except (OSError, ValueError) as error:
        raise BadArgument(name, f"a path inside {folder}", shown(path)) from error
    if not is_inside(real, real_folder):
        raise BadArgument(name, f"a path inside {folder}", f"{shown(path)}, which leads out of it")
    return real
