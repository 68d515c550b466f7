"""TLS below a connection: a protocol to the loop's transport, and a transport to the connection."""

import asyncio
import logging
import ssl
from collections.abc import Iterable
from typing import Any, Protocol, cast

from doorward.core.errors import TlsFailed
from doorward.core.limits import Limits
from doorward.lines.tls import RECORD_BYTES, TlsLayer

_log = logging.getLogger("doorward.doors")

SOCKET_BELOW = "socket below TLS"
"""The name of the socket that carries the records, for `get_extra_info`; nothing may be written to it."""

SILENT_BYTES = 32 * 1024
"""
How much may come after the handshake that says nothing: the halves of two records, hundreds of key changes.

Source: a change of keys costs us 50 us and the peer 27 bytes. Go's crypto/tls allows 16 such records in a row
and BoringSSL 32; OpenSSL allows any number, and shows none of them.
"""

WIRE_BYTES_A_BYTE = 32
"""Of the wire that one byte said may take: alone in a record of TLS 1.2 it takes 30."""


_DISTRUSTED = frozenset({"CERTIFICATE_VERIFY_FAILED"})


class Encrypted(Protocol):
    """
    What TLS is below of: a connection whose bytes come decrypted, beside what `asyncio.Protocol` has.

    Attributes:
        awaits_login: the peer has not logged in, and may send little.
    """

    @property
    def awaits_login(self) -> bool: ...

    def connection_made(self, transport: asyncio.BaseTransport) -> None: ...
    def handshake_done(self, certificate: bytes | None) -> None: ...
    def handshake_failed(self, reason: str) -> None: ...
    def data_received(self, data: bytes) -> None: ...
    def peer_ended(self, *, was_cut: bool) -> bool: ...
    def pause_writing(self) -> None: ...
    def resume_writing(self) -> None: ...
    def connection_lost(self, exc: Exception | None) -> None: ...
    def close(self) -> None: ...


class TlsTransport(asyncio.Protocol):
    """
    The server's end of TLS on one connection.

    asyncio's own TLS drops what is unsent once the peer has ended its half, and shows a connection only after
    the handshake: the gate could neither count nor bound the handshakes that are under way. Here the
    connection is made at once, and each half ends alone.
    """

    __slots__ = (
        "_connection",
        "_early_bytes",
        "_has_told_end",
        "_is_closing",
        "_layer",
        "_limits",
        "_raw",
        "_silent_bytes",
    )

    _raw: asyncio.Transport

    def __init__(self, connection: Encrypted, context: ssl.SSLContext, limits: Limits) -> None:
        self._connection = connection
        self._layer = TlsLayer(context, server_side=True)
        self._limits = limits
        self._early_bytes = 0
        self._silent_bytes = 0
        self._is_closing = False
        self._has_told_end = False

    # What the loop tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are none of asyncio's classes, and do all that these do
        self._raw = cast(asyncio.Transport, transport)
        self._connection.connection_made(cast(asyncio.BaseTransport, self))

    def data_received(self, data: bytes) -> None:
        # a piece at a time: what is in a large one may cost much, be too much, or come after the login in it
        for at in range(0, len(data), RECORD_BYTES):
            piece = data if len(data) <= RECORD_BYTES else data[at : at + RECORD_BYTES]
            if self._connection.awaits_login and not self._takes_early(len(piece)):
                return
            self._receive(piece)
            if self._raw.is_closing():
                return

    def eof_received(self) -> bool:
        self._layer.receive_eof()
        return self._layer.is_established and self._tell_end()

    def pause_writing(self) -> None:
        self._connection.pause_writing()

    def resume_writing(self) -> None:
        self._connection.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._connection.connection_lost(exc)

    # What the connection wants, as of `asyncio.Transport`

    def write(self, data: bytes) -> None:
        """Send `data` encrypted."""
        if not self._is_closing:
            self._layer.send(data)
            self._flush()

    def writelines(self, pieces: Iterable[bytes]) -> None:
        """Send `pieces` encrypted, as one."""
        self.write(b"".join(pieces))

    def write_eof(self) -> None:
        """End our half; with the peer's ended too, nothing more can come, and the connection ends."""
        self._layer.close_sending()
        self._flush()
        if self._has_told_end:
            self.close()
        elif not self._raw.is_closing():
            self._raw.write_eof()

    def close(self) -> None:
        """End the connection once all is sent."""
        if not self._is_closing:
            self._is_closing = True
            self._layer.close_sending()
            self._flush()
            self._raw.close()

    def abort(self) -> None:
        """End it at once."""
        self._is_closing = True
        self._raw.abort()

    def is_closing(self) -> bool:
        """Whether nothing more can be sent."""
        return self._is_closing or self._raw.is_closing()

    def pause_reading(self) -> None:
        """Read no more for now."""
        self._raw.pause_reading()

    def resume_reading(self) -> None:
        """Read again."""
        self._raw.resume_reading()

    def get_write_buffer_size(self) -> int:
        """How many bytes wait here, encrypted."""
        return self._raw.get_write_buffer_size()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """From how many bytes on, encrypted, the connection is to pause."""
        self._raw.set_write_buffer_limits(high, low)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """
        What the loop's transport knows, but for `socket`: what was written there would go out in the clear.

        Whoever only asks the kernel about it finds it as `SOCKET_BELOW`.
        """
        if name == "socket":
            return default
        return self._raw.get_extra_info("socket" if name == SOCKET_BELOW else name, default)

    # Inside

    @property
    def _peer_name(self) -> str:
        host, port = (self.get_extra_info("peername") or ("gone", 0))[:2]
        return f"{host} port {port}"

    def _receive(self, data: bytes) -> None:
        layer = self._layer
        was_established = layer.is_established
        try:
            layer.receive_data(data)
        except TlsFailed as error:
            _log.info("TLS with %s failed: %s", self._peer_name, error)
            if error.code in _DISTRUSTED:
                self._connection.handshake_failed(str(error))
            self._flush()
            self._connection.close()
            return
        plain = layer.take_plain()
        if not was_established and layer.is_established:
            self._connection.handshake_done(layer.peer_certificate)
        elif was_established and not self._takes_silence(len(data) - WIRE_BYTES_A_BYTE * len(plain)):
            return
        if plain:
            self._connection.data_received(plain)
        if layer.peer_has_ended:
            self._tell_end()
        self._flush()

    def _takes_silence(self, size_bytes: int) -> bool:
        """Whether a peer may send so much more that says nothing; less than 0 for what it did say."""
        self._silent_bytes = max(self._silent_bytes + size_bytes, 0)
        if self._silent_bytes <= SILENT_BYTES:
            return True
        _log.info("%s sent too much that says nothing", self._peer_name)
        self.abort()
        return False

    def _takes_early(self, size_bytes: int) -> bool:
        """Whether a peer that has not logged in may send so much more."""
        self._early_bytes += size_bytes
        if self._early_bytes <= self._limits.login_bytes:
            return True
        _log.info("%s sent too much before its login", self._peer_name)
        self.abort()
        return False

    def _tell_end(self) -> bool:
        """Tell the connection, once, that its peer ended its half; whether it still has something to say."""
        if self._has_told_end:
            return True
        self._has_told_end = True
        goes_on = self._connection.peer_ended(was_cut=self._layer.was_cut)
        if not goes_on:
            self.close()
        return goes_on

    def _flush(self) -> None:
        if (data := self._layer.bytes_to_send()) and not self._raw.is_closing():
            self._raw.write(data)
