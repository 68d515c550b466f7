"""A connected socket, and waiting for it together with stdin, stdout and a signal."""

import contextlib
import errno
import os
import select
import socket
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from doorward.clients._asking import PIPE_BYTES, OutputLeft
from doorward.core.errors import TlsFailed

if TYPE_CHECKING:
    # imported by who has one: it brings ssl along
    from doorward.lines.tls import TlsLayer

READ_BYTES = 64 * 1024
HELD_BYTES = 256 * 1024
"""With this much still to be sent, no more input is read."""

_READABLE = select.POLLIN | select.POLLHUP | select.POLLERR | select.POLLNVAL
_WRITABLE = select.POLLOUT | select.POLLHUP | select.POLLERR | select.POLLNVAL

_LEFT = select.POLLHUP | select.POLLERR


class WireCut(ConnectionError):
    """The connection ended without the word that TLS has for it: what came may lack its end."""


class Wire:
    """
    Bytes to a peer and from it, over TLS with a layer for it.

    While one side waits, the others go on: what is to be sent is sent while a slow stdout takes its time, and
    input is read only as fast as the peer takes it.

    Attributes:
        deadline_at: on the monotonic clock, when `on_deadline` is called; None for never.
        on_deadline: called once; it sets another deadline, or raises.
        on_wake: called after `wake`, not in the signal handler.
        send_error: why nothing more can be sent; None while it can.
        is_writing: `write` waits for a descriptor to take what it was given.
    """

    def __init__(self, peer: socket.socket, layer: "TlsLayer | None" = None) -> None:
        self._peer = peer
        self._layer = layer
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
        self.is_writing = False
        self._pass_on()

    def close(self) -> None:
        """Let go of the sockets; over TLS, tell the peer if it takes that at once. Idempotent."""
        if self._layer is not None and not self._outgoing:
            with contextlib.suppress(OSError, TlsFailed):
                self._layer.close_sending()
                self._peer.send(self._layer.bytes_to_send())
        for each in (self._peer, self._wake_reader, self._wake_writer):
            each.close()

    def wake(self) -> None:
        """Have `on_wake` called soon; may be called in a signal handler."""
        with contextlib.suppress(BlockingIOError):
            self._wake_writer.send(b"\0")

    def send(self, data: bytes) -> None:
        """Send `data` in its turn; dropped when the peer takes nothing more."""
        if self.send_error is not None:
            return
        if self._layer is None:
            self._outgoing += data
        else:
            self._layer.send(data)
            self._pass_on()

    def end_sending(self) -> None:
        """Half-close; what was not sent is dropped, except over TLS, whose records cannot be taken back."""
        if self._layer is not None:
            self._layer.close_sending()
            self._pass_on()
            return
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
            WireCut: the connection ended, and the peer did not say so.
            OSError: the connection was lost.
            TlsFailed: the peer broke TLS, or ended it with an alert.
        """
        while True:
            if self._layer is not None and (plain := self._layer.take_plain()):
                return plain
            if self._layer is not None and self._layer.peer_has_ended:
                return b""
            if self._turn(reads_peer=True):
                with contextlib.suppress(BlockingIOError):
                    data = self._peer.recv(READ_BYTES)
                    if self._layer is None:
                        return data
                    self._decrypt(self._layer, data)

    def write(self, descriptor: int, data: bytes) -> None:
        """
        Write all of `data` to `descriptor`, as soon as it takes it.

        Raises:
            OSError: it takes no more, as a BrokenPipeError when its reader has left.
        """
        rest = memoryview(data)
        self._outputs.add(descriptor)
        self.is_writing = True
        while rest:
            if self._turn(output=descriptor):
                with contextlib.suppress(BlockingIOError):
                    rest = rest[os.write(descriptor, rest[:PIPE_BYTES]) :]
        self.is_writing = False

    def _decrypt(self, layer: "TlsLayer", data: bytes) -> None:
        if not data:
            layer.receive_eof()
            raise WireCut(errno.ECONNABORTED, "closed without the end that TLS has")
        try:
            layer.receive_data(data)
        finally:
            self._pass_on()

    def _pass_on(self) -> None:
        """Take over what the layer has for the peer."""
        if self._layer is not None:
            self._outgoing += self._layer.bytes_to_send()

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
