"""What becomes of an error of the system: whether it lasts, and what a person can do."""

import asyncio
import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

from doorward.core.backup_store import StoreError, Trouble

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_TEMPORARY = frozenset(
    {errno.EAGAIN, errno.EBUSY, errno.EINTR, errno.EIO, errno.ENFILE, errno.EMFILE, errno.ENOMEM}
    # of a disk behind a network
    | {errno.ESTALE, errno.ETIMEDOUT, errno.ECONNRESET, errno.ENOTCONN, errno.EHOSTDOWN, errno.EHOSTUNREACH}
)
_NEXT_STEPS = {
    errno.EACCES: "May this user do that there?",
    errno.EDQUOT: "Make room there, or ask its keeper for more.",
    errno.EFBIG: "Its file system takes no file of that size.",
    errno.EIO: "Look at the disk: the kernel's log has more.",
    errno.ENOENT: "Is the disk mounted?",
    errno.ENOSPC: "Make room there.",
    errno.ENOTDIR: "Name a folder.",
    errno.EROFS: "It is mounted to be read only: the kernel's log may say why.",
}

_P = ParamSpec("_P")
_R = TypeVar("_R")


def store_error(address: str, phase: str, error: OSError) -> StoreError:
    """The error that says so; raise it from `error`."""
    number = error.errno or 0
    said = os.strerror(number) if number else str(error)
    problem = said[:1].lower() + said[1:]
    return StoreError(address, phase, problem, _NEXT_STEPS.get(number, ""), trouble=_trouble_of(number))


def _trouble_of(number: int) -> Trouble:
    if number in _FULL:
        return Trouble.FULL
    return Trouble.TEMPORARY if number in _TEMPORARY else Trouble.PERMANENT


@contextmanager
def told(address: str, phase: str) -> Iterator[None]:
    """Within, have an OSError raised as the StoreError that tells it."""
    try:
        yield
    except OSError as error:
        raise store_error(address, phase, error) from error


async def in_thread(
    address: str, phase: str, function: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs
) -> _R:
    """Call what waits for a disk in a thread; raises StoreError for an OSError."""
    with told(address, phase):
        return await asyncio.to_thread(function, *args, **kwargs)
