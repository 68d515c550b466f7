"""Locks that the kernel drops when their holder dies, so that no stale one can ever stand in the way."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from doorward.core.errors import StateError

_RETRY_SECONDS = 0.02


def open_private(path: Path, flags: int) -> int:
    """
    Open a file of the state, created with mode 0600 when it is not there and `flags` say so.

    No symbolic link is followed.

    Raises:
        OSError: the system refused.
    """
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


def open_lock(path: Path) -> int:
    """
    Open a file that is there to be locked, made where it is missing.

    Raises:
        StateError: the system refused.
    """
    try:
        return open_private(path, os.O_RDWR | os.O_CREAT)
    except OSError as error:
        raise StateError(f"{path} cannot be opened: {error.strerror}") from error


@contextlib.contextmanager
def short_lock(path: Path, *, within_seconds: float) -> Iterator[None]:
    """
    Hold the lock at `path`, for work of milliseconds; blocks, so never on a loop.

    Raises:
        StateError: somebody else held it all the while, or the system refused.
    """
    descriptor = open_lock(path)
    try:
        _wait_for(descriptor, path, within_seconds=within_seconds)
        yield
    finally:
        unlock(descriptor)


def try_lock(descriptor: int) -> bool:
    """
    Take the lock on an open file if nobody has it; it is held until `unlock`, or the end of the process.

    Raises:
        OSError: the system refused for another reason.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def unlock(descriptor: int) -> None:
    """Let go of the lock, if it is held, and close the file."""
    try:
        # closing alone would leave the lock with a child that is between its fork and its exec
        fcntl.flock(descriptor, fcntl.LOCK_UN)
    finally:
        os.close(descriptor)


def _wait_for(descriptor: int, path: Path, *, within_seconds: float) -> None:
    deadline = time.monotonic() + within_seconds
    while not try_lock(descriptor):
        if time.monotonic() > deadline:
            raise StateError(f"{path} was held by another process for {within_seconds:g} s; try again")
        time.sleep(_RETRY_SECONDS)
