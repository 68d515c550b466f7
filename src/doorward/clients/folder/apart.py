"""Whether a folder that keeps backups is apart from the one in which they are made."""

import os
from pathlib import Path

from doorward.core.backup_store import StoreError, Trouble

_STEP = "Name a folder that is elsewhere, best on another disk."


def check_apart(address: str, descriptor: int, source: Path) -> None:
    """
    Make sure that the open folder is not `source`, by whatever name, and that neither is in the other.

    In one folder each backup is there already, and removing the oldest there removes the only one.

    Raises:
        StoreError: permanent; they are not apart.
        OSError: one of them cannot be looked at.
    """
    kept, made = _facts(os.fstat(descriptor)), _facts(os.stat(source))
    folder = Path(f"/proc/self/fd/{descriptor}").resolve()
    if kept == made:
        problem = f"this is {source} itself, where the backups are made: the oldest would be removed from it"
    elif made in _above(folder):
        problem = f"this is in {source}, where the backups are made"
    elif kept in _above(source.resolve()):
        problem = f"{source}, where the backups are made, is in it"
    else:
        return
    raise StoreError(address, "address", problem, _STEP, trouble=Trouble.PERMANENT)


def check_made_apart(address: str, parent: int, source: Path) -> None:
    """
    Make sure that a folder which is to be made in the open one would not be in `source`.

    Raises:
        StoreError, OSError: as `check_apart`.
    """
    made, folder = _facts(os.stat(source)), Path(f"/proc/self/fd/{parent}").resolve()
    if made in _above(folder) | {_facts(os.fstat(parent))}:
        problem = f"this would be in {source}, where the backups are made"
        raise StoreError(address, "address", problem, _STEP, trouble=Trouble.PERMANENT)


def _above(folder: Path) -> frozenset[tuple[int, int]]:
    return frozenset(_facts(os.stat(each)) for each in folder.parents)


def _facts(found: os.stat_result) -> tuple[int, int]:
    """What two names of one folder share, be it by a link or a second mount."""
    return found.st_dev, found.st_ino
