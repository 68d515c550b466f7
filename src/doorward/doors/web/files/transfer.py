"""Part of a large file on its way to one peer: from the kernel's memory to the socket, past ours."""

import asyncio
import enum
import errno
import fcntl
import os
import select
import socket
import sys
import termios
from collections.abc import Callable
from typing import Self

from doorward.core.ports import Clock
from doorward.doors.web.files.ranges import Part
from doorward.doors.web.files.reading import in_thread
from doorward.service.threads import Threads

PATIENCE_MS = 10
"""How long a thread waits for a peer that reads as we write, before it leaves the waiting to the loop."""

TURN_BYTES = 1024 * 1024
"""What one peer gets before another that waits for a thread."""

LOOK_SECONDS = 1.0
"""How often the loop looks whether a peer that is not ready took anything, or has been given up."""

_CANNOT = frozenset({errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EOVERFLOW})


class Progress(enum.Enum):
    """How far a thread came."""

    DONE = enum.auto()
    FULL = enum.auto()
    OTHERS_WAIT = enum.auto()
    FILE_ENDED = enum.auto()
    CANNOT = enum.auto()


class Transfer:
    """
    One part, and what goes before it.

    The socket is a second descriptor of the connection's own, so that the loop's transport may close its one
    at any time: a number that is used again would be somebody else's. It is closed by `close`, and until then
    the peer sees no end.

    Attributes:
        left: what was not sent yet of the part.
        sent_bytes: of what goes before and of the part.
    """

    __slots__ = ("_before", "_descriptor", "_socket", "left", "sent_bytes")

    def __init__(self, transport: asyncio.Transport, descriptor: int, part: Part, *, before: bytes) -> None:
        self._socket = socket.socket(fileno=os.dup(transport.get_extra_info("socket").fileno()))
        self._descriptor = descriptor
        self._before = before
        self.left: Part | None = part
        self.sent_bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the socket; no thread may be at work."""
        self._socket.close()

    def fileno(self) -> int:
        """The descriptor to wait with."""
        return self._socket.fileno()

    def untaken_bytes(self) -> int:
        """How much the kernel holds that the peer has not acknowledged."""
        queued = fcntl.ioctl(self._socket.fileno(), termios.TIOCOUTQ, bytes(4))
        return int.from_bytes(queued, sys.byteorder)

    def push(self, are_others_waiting: Callable[[], bool]) -> Progress:
        """
        Send what the peer takes now; blocks for the disk, and for `PATIENCE_MS` for the peer.

        Args:
            are_others_waiting: asked every `TURN_BYTES`, and before each wait: whether this is to end soon.

        Raises:
            OSError: the peer is gone, or the file cannot be read.
        """
        turn_ends_at = self.sent_bytes + TURN_BYTES
        poller = select.poll()
        poller.register(self._socket.fileno(), select.POLLOUT)
        while self.left is not None:
            if self.sent_bytes >= turn_ends_at and are_others_waiting():
                return Progress.OTHERS_WAIT
            try:
                if (ended := self._send(self.left)) is not None:
                    return ended
            except BlockingIOError:
                if are_others_waiting() or not poller.poll(PATIENCE_MS):
                    return Progress.FULL
        return Progress.DONE

    def _send(self, part: Part) -> Progress | None:
        if self._before:
            sent = self._socket.send(self._before, socket.MSG_MORE)
            self._before = self._before[sent:]
            self.sent_bytes += sent
            return None
        try:
            sent = os.sendfile(self._socket.fileno(), self._descriptor, part.first, part.size_bytes)
        except OSError as error:
            if error.errno in _CANNOT:
                return Progress.CANNOT
            raise
        if not sent:
            return Progress.FILE_ENDED
        self.sent_bytes += sent
        self.left = Part(part.first + sent, part.last) if sent < part.size_bytes else None
        return None


class Stalled(ConnectionError):
    """The peer took nothing for too long."""


async def carry(
    transfer: Transfer,
    transport: asyncio.Transport,
    *,
    threads: Threads,
    clock: Clock,
    stalled_seconds: float,
    let_go: Callable[[], object],
) -> Progress:
    """
    Send all of `transfer`, in turns of a thread and waits of the loop, and close it.

    Args:
        transfer: its transport has nothing left to write, and gets nothing more until this ends.
        transport: looked at for whether the connection has been given up.
        threads: that may block.
        clock: the daemon's.
        stalled_seconds: after so long a time in which the peer took nothing, it is given up.
        let_go: called once, when nothing reads the file any more.

    Returns:
        `DONE`, `FILE_ENDED` or `CANNOT`.

    Raises:
        ConnectionError: the peer or the connection is gone, or stalled.
        OSError: the file cannot be read.
    """

    def over() -> None:
        transfer.close()
        let_go()

    def is_to_end() -> bool:
        return threads.waiting > 0 or transport.is_closing()

    users = _Users(over)
    try:
        while True:
            users.join()
            progress = await in_thread(threads, lambda: transfer.push(is_to_end), afterwards=users.leave)
            if progress in {Progress.DONE, Progress.FILE_ENDED, Progress.CANNOT}:
                return progress
            if transport.is_closing():
                raise ConnectionResetError("the connection was closed")
            if progress is Progress.FULL:
                await _wait_for(transfer, transport, clock, stalled_seconds)
    finally:
        users.leave()


class _Users:
    """Counts who still uses something, beginning with one, and calls `over` when the last leaves."""

    __slots__ = ("_count", "_over")

    def __init__(self, over: Callable[[], object]) -> None:
        self._count = 1
        self._over = over

    def join(self) -> None:
        self._count += 1

    def leave(self) -> None:
        self._count -= 1
        if not self._count:
            self._over()


async def _wait_for(
    transfer: Transfer, transport: asyncio.Transport, clock: Clock, stalled_seconds: float
) -> None:
    """Wait until the peer takes more."""
    untaken_bytes = transfer.untaken_bytes()
    give_up_at = clock.monotonic() + stalled_seconds
    while not await _is_writable(transfer, clock, min(LOOK_SECONDS, stalled_seconds)):
        if transport.is_closing():
            raise ConnectionResetError("the connection was closed")
        # a slow peer is one that the kernel does not call ready for minutes
        if (now_untaken := transfer.untaken_bytes()) < untaken_bytes:
            give_up_at = clock.monotonic() + stalled_seconds
        elif clock.monotonic() >= give_up_at:
            raise Stalled("the peer took nothing for too long")
        untaken_bytes = now_untaken


async def _is_writable(transfer: Transfer, clock: Clock, seconds: float) -> bool:
    loop = asyncio.get_running_loop()
    heard: asyncio.Future[bool] = loop.create_future()

    def hear(*, is_writable: bool) -> None:
        if not heard.done():
            heard.set_result(is_writable)

    timer = clock.call_later(seconds, lambda: hear(is_writable=False))
    loop.add_writer(transfer.fileno(), lambda: hear(is_writable=True))
    try:
        return await heard
    finally:
        timer.cancel()
        loop.remove_writer(transfer.fileno())
