"""What SQLite says, in words that a keeper can act on."""

import sqlite3
from pathlib import Path

from doorward.core.errors import StateError

_CORRUPT = frozenset({"SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_FORMAT"})
_HELD = frozenset({"SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_PROTOCOL"})
_UNWRITABLE = frozenset({"SQLITE_READONLY", "SQLITE_PERM", "SQLITE_AUTH"})


def corrupted(path: Path, detail: str) -> StateError:
    """The error for a file that holds no sound database; it is left as it is."""
    return StateError(
        f"{path} is corrupted: {detail}; it was left as it is: restore it from a backup, or move it away "
        f"with {path.name}-wal and {path.name}-shm, and what it held is gone"
    )


def state_error(path: Path, error: sqlite3.Error, *, busy_seconds: float) -> StateError:
    """
    Translate `error`.

    Args:
        path: of the database.
        error: what SQLite raised.
        busy_seconds: how long another process was waited for.
    """
    name = _primary(getattr(error, "sqlite_errorname", "") or "")
    detail = str(error)
    if name in _CORRUPT:
        return corrupted(path, detail)
    if name in _HELD:
        return StateError(f"{path} was held by another process for {busy_seconds:g} s; try again")
    if name in _UNWRITABLE:
        return StateError(f"{path} cannot be written: {detail}; mend the rights of the file and its folder")
    if name == "SQLITE_FULL":
        return StateError(f"{path} cannot be written: {detail}; make room and try again")
    if name == "SQLITE_IOERR":
        return StateError(
            f"{path} cannot be used: {detail} ({error.sqlite_errorname}); is the disk full or failing?"
        )
    if name == "SQLITE_CANTOPEN":
        return StateError(f"{path} cannot be opened: {detail}; is its folder there, and may it be written?")
    if detail.startswith("no such module: fts"):
        return StateError(
            f"{path} cannot be used: the SQLite {sqlite3.sqlite_version} of this Python was built without "
            "full-text search (FTS5); use a Python whose SQLite has it, as Debian's does"
        )
    return StateError(f"{path} cannot be used: {detail}")


def _primary(name: str) -> str:
    """`SQLITE_IOERR_WRITE` is a kind of `SQLITE_IOERR`."""
    return "_".join(name.split("_")[:2])
