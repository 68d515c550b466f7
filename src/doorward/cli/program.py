"""How this program was called, so that what it tells people to type works when they type it."""

import os
import shlex
from collections.abc import Mapping

NAME = "doorward"


def program_name(argv0: str, python: str, environment: Mapping[str, str]) -> str:
    """
    What to type for this program: `doorward` where that finds it, else the shorter of its paths.

    Args:
        argv0: the first word of the process; for `python -m doorward` the path of `__main__.py`.
        python: the interpreter's path.
        environment: whose PATH counts.
    """
    if os.path.basename(argv0) == "__main__.py":
        return f"{shlex.quote(_shorter(python))} -m {NAME}"
    if os.path.basename(argv0) != NAME:
        return NAME
    if _is_found(os.path.abspath(argv0), environment.get("PATH", "")):
        return NAME
    return shlex.quote(_shorter(argv0))


def _is_found(path: str, search_path: str) -> bool:
    """Whether the first `doorward` of `search_path` is `path`."""
    for folder in search_path.split(os.pathsep):
        candidate = os.path.join(folder, NAME)
        if folder and os.access(candidate, os.X_OK):
            try:
                return os.path.samefile(candidate, path)
            except OSError:
                return False
    return False


def _shorter(path: str) -> str:
    absolute = os.path.abspath(path)
    if os.getcwd() == "/":
        return absolute  # a service's folder, and nobody's who types
    relative = os.path.relpath(absolute)
    if "/" not in relative:
        relative = f"./{relative}"
    return min(relative, absolute, key=len)
