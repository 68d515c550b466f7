"""One connection of TCP, plain or over TLS, that is read and written with bounds on both."""

import asyncio
import errno
import ssl
from collections import deque
from collections.abc import Callable
from typing import Any, cast

from doorward.clients._tls import Distrusted
from doorward.core.errors import ProtocolError, TlsFailed
from doorward.core.units import KIB
from doorward.lines.tls import TlsLayer

HELD_BYTES = 512 * KIB
"""What may have come and not been read before the peer has to wait; one read of the loop comes on top."""

UNSENT_BYTES = 256 * KIB
"""What may wait to be sent before whoever writes has to wait."""

PLAIN_TEXT = "PLAIN_TEXT"
"""The code of what OpenSSL never sees: what was said before TLS must not be taken for said in it."""


Trusts = Callable[[bytes | None], bool]
"""Says whether a certificate in DER, or none, is that of somebody who is trusted."""


def _anybody(_certificate: bytes | None) -> bool:
    return True


class Interrupted(Exception):
    """Somebody else knows that it is no use to go on; no client lets it out."""


class Stream(asyncio.Protocol):
    """
    The protocol of one connection; `create_connection` makes it.

    One task reads and one writes, which may be the same. What fails is raised where it is waited for: an
    OSError for the connection, a TlsFailed for what is in it, Distrusted for whom it is with, and Interrupted
    after `interrupt`.

    Attributes:
        has_ended: the peer says nothing more; what came before may still wait to be read.
        was_cut: over TLS, the end came without the peer's word for it, so that anybody may have made it.
    """

    def __init__(self) -> None:
        self._on_data: Callable[[bytes], None] | None = None
        self._transport: asyncio.Transport | None = None
        self._layer: TlsLayer | None = None
        self._arrived: deque[bytes] = deque()
        self._held_bytes = 0
        self._is_paused = False
        self._is_full = False
        self._is_lost = False
        self._is_trusted: Trusts = _anybody
        self._failure: Exception | None = None
        self._waiters: set[asyncio.Future[None]] = set()
        self.has_ended = False

    # What the loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=UNSENT_BYTES)

    def data_received(self, data: bytes) -> None:
        self._take(data, self._receive)

    def eof_received(self) -> bool:
        if self._layer is not None:
            self._layer.receive_eof()
        self.has_ended = True
        self._wake()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is not None and not self.has_ended:
            self._fail(exc)
        self.has_ended = True
        self._is_lost = True
        self._wake()

    def pause_writing(self) -> None:
        self._is_full = True

    def resume_writing(self) -> None:
        self._is_full = False
        self._wake()

    # What a client calls

    @property
    def own_address(self) -> tuple[Any, ...]:
        """The address and the port that the connection has here."""
        name: tuple[Any, ...] = self._written.get_extra_info("sockname")
        return name

    @property
    def is_alive(self) -> bool:
        """Whether, as far as is known, the peer still listens and speaks."""
        is_closing = self._transport is None or self._transport.is_closing()
        return self._failure is None and not self.has_ended and not is_closing

    @property
    def was_cut(self) -> bool:
        return self._layer is not None and self._layer.was_cut

    @property
    def layer(self) -> TlsLayer | None:
        """The TLS of it; None while it is plain."""
        return self._layer

    @property
    def has_unsent(self) -> bool:
        """Whether something that was written waits for the peer, or the network, to take it."""
        return self._transport is not None and self._transport.get_write_buffer_size() > 0

    def deliver_to(self, on_data: Callable[[bytes], None]) -> None:
        """
        Give what comes, and what came, to `on_data`, in place of `read`.

        A ProtocolError that it raises is raised by `until`.
        """
        self._on_data = on_data
        while self._arrived:
            self._take(self._arrived.popleft(), on_data)

    async def start_tls(
        self,
        context: ssl.SSLContext,
        *,
        server_hostname: str,
        session: ssl.SSLSession | None = None,
        is_trusted: Trusts = _anybody,
    ) -> None:
        """
        Encrypt from here on.

        Args:
            context: who is trusted, and who we are.
            server_hostname: whom the peer's certificate is to be for.
            session: one that may be resumed.
            is_trusted: asked beside the context, before the peer learns who we are.

        Raises:
            Distrusted: `is_trusted` said no.
            TlsFailed: the peer said something before that, or it speaks no TLS, or is not trusted.
            OSError: the connection was lost.
            ValueError: `server_hostname` cannot be the name of a host.
        """
        if self._arrived:
            raise TlsFailed("plain text came before it", code=PLAIN_TEXT)
        self._layer = TlsLayer(context, server_side=False, server_hostname=server_hostname, session=session)
        self._flush()
        self._is_trusted = is_trusted
        layer = self._layer
        await self.until(lambda: layer.is_established or self.has_ended)
        self.raise_failure()
        if not layer.is_established:
            raise ConnectionResetError(errno.ECONNRESET, "the connection was closed")

    async def read(self) -> bytes:
        """
        Take what came, some KiB at a time.

        Returns:
            Bytes; none at the end.
        """
        await self.until(lambda: bool(self._arrived) or self.has_ended)
        if not self._arrived:
            self.raise_failure()
            return b""
        chunk = self._arrived.popleft()
        self._held_bytes -= len(chunk)
        if self._is_paused and self._held_bytes < HELD_BYTES // 2:
            self._is_paused = False
            if self._transport is not None and not self._transport.is_closing():
                self._transport.resume_reading()
        return chunk

    async def write(self, data: bytes) -> None:
        """Send `data`, and wait until there is room for more."""
        self.raise_failure()
        if self._layer is None:
            self._written.write(data)
        else:
            self._layer.send(data)
            self._flush()
        await self.until(lambda: not self._is_full)

    def finish(self) -> None:
        """End our direction, after all that was written; the peer can still be read."""
        self.raise_failure()
        if self._layer is not None:
            self._layer.close_sending()
            self._flush()
        self._written.write_eof()

    async def until(self, is_so: Callable[[], bool]) -> None:
        """
        Wait until `is_so`; asked again whenever something came, went or ended.

        Raises:
            OSError, TlsFailed, ProtocolError, Interrupted: the stream failed before.
        """
        while not is_so():
            self.raise_failure()
            if self._is_lost:
                raise ConnectionResetError(errno.ECONNRESET, "the connection was closed")
            await self._change()

    def raise_failure(self) -> None:
        """Raise what made the stream fail, if it did: an end comes with it, and says less."""
        if self._failure is not None:
            raise self._failure

    def interrupt(self) -> None:
        """Have whoever waits here, or will, wait no longer."""
        self._fail(Interrupted())
        self._arrived.clear()
        self._wake()

    def abort(self) -> None:
        """Close it without another word; idempotent."""
        if self._transport is not None:
            self._transport.abort()

    async def close(self) -> None:
        """As `abort`, and wait until the loop let go of it, which is soon."""
        self.abort()
        while self._transport is not None and not self._is_lost:
            await self._change()

    # Within

    @property
    def _written(self) -> asyncio.Transport:
        if self._transport is None or self._transport.is_closing():
            raise ConnectionResetError(errno.ECONNRESET, "the connection was closed")
        return self._transport

    def _take(self, data: bytes, into: Callable[[bytes], None]) -> None:
        try:
            into(data)
        except ProtocolError as error:  # a TlsFailed is one
            self._fail(error)
            if self._transport is not None:
                self._transport.close()  # whatever else comes is not looked at
        self._wake()

    async def _change(self) -> None:
        """Wait until something came, went or ended."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        try:
            await waiter
        finally:
            self._waiters.discard(waiter)

    def _receive(self, data: bytes) -> None:
        if self._layer is None:
            self._deliver(data)
            return
        was_established = self._layer.is_established
        try:
            self._layer.receive_data(data)
            if self._layer.is_established and not was_established:
                self._look_at_peer(self._layer.peer_certificate)
        finally:
            self._flush()
            self._deliver(self._layer.take_plain())
        if self._layer.peer_has_ended:
            self.has_ended = True

    def _look_at_peer(self, certificate: bytes | None) -> None:
        if not self._is_trusted(certificate):
            self._fail(Distrusted(None, certificate))
            self.abort()  # what waits to be sent would say who we are

    def _deliver(self, data: bytes) -> None:
        if not data or self._failure is not None:
            return
        if self._on_data is not None:
            self._on_data(data)
            return
        self._arrived.append(data)
        self._held_bytes += len(data)
        if self._held_bytes >= HELD_BYTES and not self._is_paused and self._transport is not None:
            self._is_paused = True
            self._transport.pause_reading()

    def _flush(self) -> None:
        """Send what TLS has to say; an alert is among it."""
        data = self._layer.bytes_to_send() if self._layer is not None else b""
        if data and self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def _fail(self, failure: Exception) -> None:
        self._failure = self._failure or failure

    def _wake(self) -> None:
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
