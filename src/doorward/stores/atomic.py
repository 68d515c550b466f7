"""Files that are old or new, never half: whatever happens in between, a reader finds one or the other."""

import contextlib
import os
import secrets
from pathlib import Path

from doorward.core.errors import StateError

_LEFTOVER = ".new"


def write_atomically(path: Path, data: bytes, *, mode: int) -> None:
    """
    Put `data` in the place of the file at `path`.

    The data is on disk under a name of its own before it takes the place of the old, and the folder is on
    disk before this returns. A symbolic link at `path` is replaced and not followed.

    Args:
        path: the file; its folder is there already.
        data: all of it.
        mode: of the new file, whatever the umask says.

    Raises:
        StateError: the system refused. The old file stands whole (the new one only when the folder could not
            be synced), and nothing else is left behind.

    Source: rename(2) and fsync(2), which says of new entries that their folder needs an fsync of its own.
    """
    fresh = fresh_beside(path)
    try:
        _write_fresh(fresh, data, mode=mode)
        os.rename(fresh, path)
        sync(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            os.unlink(fresh)
        raise StateError(f"{path} cannot be written: {error.strerror}") from error


def fresh_beside(path: Path) -> Path:
    """A name of its own for what is to take the place of `path`; `remove_leftovers` knows it."""
    return path.with_name(f".{path.name}.{secrets.token_hex(8)}{_LEFTOVER}")


def remove_leftovers(path: Path) -> None:
    """
    Remove what writers of `path` left behind when they were killed.

    Only whoever keeps all other writers of `path` out may call this.

    Raises:
        StateError: the system refused.
    """
    try:
        for entry in os.listdir(path.parent):
            if entry.startswith(f".{path.name}.") and entry.endswith(_LEFTOVER):
                os.unlink(path.with_name(entry))
    except OSError as error:
        raise StateError(f"{path.parent} cannot be cleaned up: {error.strerror}") from error


def _write_fresh(fresh: Path, data: bytes, *, mode: int) -> None:
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        write_all(descriptor, data)
        os.fchmod(descriptor, mode)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_all(descriptor: int, data: bytes) -> None:
    """
    Write all of `data`, however many calls it takes.

    Raises:
        OSError: the system refused; an unknown part was written.
    """
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def sync(path: Path) -> None:
    """
    Have a file on disk, or what was made, renamed or removed in a folder.

    Raises:
        OSError: the system refused.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
