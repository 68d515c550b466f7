"""Bytes of an open file: at once when the kernel has them in memory, else in a thread."""

import asyncio
import os
from collections.abc import Callable
from typing import Any, TypeVar

from doorward.service.threads import Threads

ResultT = TypeVar("ResultT")

READ_BYTES = 256 * 1024
"""The most that is read at a time: two copies of this are all that a transfer holds."""


def _nothing(*_: object) -> None:
    """There is nothing to be done."""


def can_read_at_once(descriptor: int) -> bool:
    """
    Whether the kernel can tell that a read of this file would wait; blocks as any read does.

    Where it can, the file is on a local file system, whose `fstat` of an open file waits for nothing either.

    Source: RWF_NOWAIT of preadv2(2); tmpfs, FUSE and NFS answer EOPNOTSUPP.
    """
    try:
        os.preadv(descriptor, [bytearray(1)], 0, os.RWF_NOWAIT)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return True


def read_at_once(descriptor: int, buffer: memoryview, offset: int) -> int:
    """Fill `buffer` from `offset` on as far as memory has it; gives how many bytes that were, never waits."""
    try:
        return os.preadv(descriptor, [buffer], offset, os.RWF_NOWAIT)
    except OSError:
        return 0


def read_all(descriptor: int, size_bytes: int, offset: int) -> bytes:
    """
    Read `size_bytes` from `offset` on, fewer where the file ends; blocks.

    Raises:
        OSError: the disk or the server behind the file does not give them.
    """
    parts = []
    while size_bytes > 0 and (data := os.pread(descriptor, size_bytes, offset)):
        parts.append(data)
        size_bytes -= len(data)
        offset += len(data)
    return b"".join(parts)


async def in_thread(
    threads: Threads,
    function: Callable[[], ResultT],
    *,
    afterwards: Callable[[], object] = _nothing,
    unwanted: Callable[[ResultT], object] = _nothing,
) -> ResultT:
    """
    Have `function` called in a thread, which cannot be cancelled when whoever awaits this is.

    Args:
        threads: to call it in.
        function: may block, and may raise.
        afterwards: called on the loop once it has really ended: what it uses can be let go.
        unwanted: called with its result when nobody is left to take that.
    """
    work = threads.call(function)
    work.future.add_done_callback(lambda future: _finish(future, afterwards))
    try:
        result: ResultT = await asyncio.shield(work.future)
    except asyncio.CancelledError:
        work.future.add_done_callback(lambda future: _discard(future, unwanted))
        raise
    return result


def _finish(future: "asyncio.Future[Any]", afterwards: Callable[[], object]) -> None:
    if not future.cancelled():
        future.exception()  # has been looked at: nobody may be left to await it
    afterwards()


def _discard(future: "asyncio.Future[Any]", unwanted: Callable[[Any], object]) -> None:
    if not future.cancelled() and future.exception() is None:
        unwanted(future.result())
