"""A connected socket, and waiting for it together with stdin, stdout and a signal."""

import contextlib
import errno
import os
import select
import socket
import time
from collections.abc import Callable

PIPE_BYTES = 4096
"""What a pipe takes without blocking once poll(2) calls it writable: PIPE_BUF of pipe(7)."""

READ_BYTES = 64 * 1024
HELD_BYTES = 256 * 1024
"""With this much still to be sent, no more input is read."""

_READABLE = select.POLLIN | select.POLLHUP | select.POLLERR | select.POLLNVAL
_WRITABLE = select.POLLOUT | select.POLLHUP | select.POLLERR | select.POLLNVAL

_LEFT = select.POLLHUP | select.POLLERR


class OutputLeft(BrokenPipeError):
    """Whoever read what was written has left, which is noticed although nothing is written."""


class Wire:
    """
    Bytes to a peer and from it.

    While one side waits, the others go on: what is to be sent is sent while a slow stdout takes its time, and
    input is read only as fast as the peer takes it.

    Attributes:
        deadline_at: on the monotonic clock, when `on_deadline` is called; None for never.
        on_deadline: called once; it sets another deadline, or raises.
        on_wake: called after `wake`, not in the signal handler.
        send_error: why nothing more can be sent; None while it can.
    """

    def __init__(self, peer: socket.socket) -> None:
        self._peer = peer
        self._outgoing = bytearray()
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._wake_writer.setblocking(False)
        self._input: int | None = None
        self._outputs: set[int] = set()
        self._on_input: Callable[[bytes], None] = _ignore
        self.deadline_at: float | None = None
        self.on_deadline: Callable[[], object] = _nothing
        self.on_wake: Callable[[], None] = _nothing
        self.send_error: OSError | None = None

    def close(self) -> None:
        """Let go of the sockets; idempotent."""
        for each in (self._peer, self._wake_reader, self._wake_writer):
            each.close()

    def wake(self) -> None:
        """Have `on_wake` called soon; may be called in a signal handler."""
        with contextlib.suppress(BlockingIOError):
            self._wake_writer.send(b"\0")

    def send(self, data: bytes) -> None:
        """Send `data` in its turn; dropped when the peer takes nothing more."""
        if self.send_error is None:
            self._outgoing += data

    def end_sending(self) -> None:
        """Half-close; what was not sent is dropped."""
        self._outgoing.clear()
        with contextlib.suppress(OSError):
            self._peer.shutdown(socket.SHUT_WR)

    def feed_from(self, descriptor: int, on_input: Callable[[bytes], None]) -> None:
        """Read `descriptor` from now on and hand over its bytes; empty ones are its end, and the last."""
        self._input, self._on_input = descriptor, on_input

    def stop_feeding(self) -> None:
        """Read no more input."""
        self._input = None

    def receive(self) -> bytes:
        """
        Wait for bytes from the peer; empty when it sends no more.

        Raises:
            OutputLeft: nobody reads any more what was written to a descriptor.
            OSError: the connection was lost.
        """
        while True:
            if self._turn(reads_peer=True):
                with contextlib.suppress(BlockingIOError):
                    return self._peer.recv(READ_BYTES)

    def write(self, descriptor: int, data: bytes) -> None:
        """
        Write all of `data` to `descriptor`, as soon as it takes it.

        Raises:
            OSError: it takes no more, as a BrokenPipeError when its reader has left.
        """
        rest = memoryview(data)
        self._outputs.add(descriptor)
        while rest:
            if self._turn(output=descriptor):
                with contextlib.suppress(BlockingIOError):
                    rest = rest[os.write(descriptor, rest[:PIPE_BYTES]) :]

    def _turn(self, *, reads_peer: bool = False, output: int | None = None) -> bool:
        """Wait once, do what can be done, and tell whether what was asked for is ready."""
        poll = select.poll()
        poll.register(self._wake_reader, select.POLLIN)
        peer_events = (select.POLLIN if reads_peer else 0) | (select.POLLOUT if self._outgoing else 0)
        if peer_events:
            poll.register(self._peer, peer_events)
        if self._input is not None and len(self._outgoing) < HELD_BYTES:
            poll.register(self._input, select.POLLIN)
        for descriptor in self._outputs:
            # a hang-up is told whatever is asked for
            poll.register(descriptor, select.POLLOUT if descriptor == output else 0)
        ready = dict(poll.poll(self._wait_milliseconds()))
        self._serve(ready)
        if output is not None:
            return bool(ready.get(output, 0) & _WRITABLE)
        if any(ready.get(descriptor, 0) & _LEFT for descriptor in self._outputs):
            raise OutputLeft(errno.EPIPE, os.strerror(errno.EPIPE))
        return bool(ready.get(self._peer.fileno(), 0) & _READABLE)

    def _wait_milliseconds(self) -> float | None:
        if self.deadline_at is None:
            return None
        # at least a millisecond: rounded down to none it would wait busily
        return max(1.0, (self.deadline_at - time.monotonic()) * 1000)

    def _serve(self, ready: dict[int, int]) -> None:
        if self.deadline_at is not None and time.monotonic() >= self.deadline_at:
            self.deadline_at = None
            self.on_deadline()
        if self._wake_reader.fileno() in ready:
            self._wake_reader.recv(READ_BYTES)
            self.on_wake()
        if self._input is not None and self._input in ready:
            self._read_input(self._input)
        if self._outgoing and ready.get(self._peer.fileno(), 0) & _WRITABLE:
            self._send_some()

    def _read_input(self, descriptor: int) -> None:
        try:
            data = os.read(descriptor, READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""  # a closed or lost stdin is an ended one
        if not data:
            self._input = None
        self._on_input(data)

    def _send_some(self) -> None:
        try:
            del self._outgoing[: self._peer.send(self._outgoing)]
        except BlockingIOError:
            return
        except OSError as error:
            # what the peer said before it closed is still to be read
            self.send_error = error
            self._outgoing.clear()
            self._input = None


def _nothing() -> None:
    """What happens at a deadline, or when woken, as long as nobody said."""


def _ignore(_data: bytes) -> None:
    """Where input goes as long as nobody said."""
