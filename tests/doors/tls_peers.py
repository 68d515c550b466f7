"""Peers of the tls door: a plain socket in the hand, and a thread that carries its bytes through TLS."""

import select
import socket
import ssl
import threading
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from doorward.core.errors import TlsFailed
from doorward.lines.tls import TlsLayer

PASSWORD = "sesame"
USER = "alice"
LOGIN = f"{PASSWORD}\n".encode()
"""The only user's, so that the whole line is the password."""

# of PASSWORD, and cheap: what is tested is no hash
HASH = "$argon2id$v=19$m=8,t=1,p=1$ogCShjC/1BHbW7p1V6LfNg$6Dcyi4ILqzmJZtlilxfYKUtGRMjIRruo6KQeg8oSjHg"

TLS = f"""
[doors.tls]
listen = ["127.0.0.1:0"]
[users.{USER}]
password = "{HASH}"
roles = ["operator"]
"""

_CHUNK_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class TlsAddress:
    """
    Where a tls door listens.

    Attributes:
        anchor: the certificate that it shows.
        client: certificate and key to log in with, in one file; None for none.
    """

    host: str
    port: int
    anchor: Path
    client: Path | None = None

    def context(self) -> ssl.SSLContext:
        """What a client runs on who trusts this door."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(self.anchor)
        context.check_hostname = False
        if self.client is not None:
            context.load_cert_chain(self.client)
        return context


def through_tls(raw: socket.socket, address: TlsAddress) -> socket.socket:
    """
    A socket whose bytes, and whose half-close, go through TLS over `raw`, which it owns from now on.

    Python's own SSLSocket can neither end its half nor read on afterwards.
    """
    near, far = socket.socketpair()
    near.settimeout(raw.gettimeout())
    layer = TlsLayer(address.context(), server_side=False, server_hostname=address.host)
    threading.Thread(target=_carry, args=(raw, far, layer), daemon=True).start()
    return near


def _carry(raw: socket.socket, far: socket.socket, layer: TlsLayer) -> None:
    # whatever goes wrong, the test sees the end of its socket
    with ExitStack() as stack, suppress(OSError, TlsFailed):
        for each in (raw, far):
            stack.enter_context(each)
            each.setblocking(False)
        _Carrier(raw, far, layer).run()


class _Carrier:
    def __init__(self, raw: socket.socket, far: socket.socket, layer: TlsLayer) -> None:
        self._raw, self._far, self._layer = raw, far, layer
        self._to_raw, self._to_far = bytearray(), bytearray()
        self._reads_raw = self._reads_far = True
        self._has_told_end = False

    def run(self) -> None:
        self._to_raw += self._layer.bytes_to_send()
        while self._reads_raw or self._to_raw or self._to_far:
            readers = [
                each
                for each, wanted, waiting in (
                    (self._raw, self._reads_raw, self._to_far),
                    (self._far, self._reads_far, self._to_raw),
                )
                if wanted and len(waiting) < _CHUNK_BYTES
            ]
            writers = [each for each, data in ((self._raw, self._to_raw), (self._far, self._to_far)) if data]
            readable, writable, _ = select.select(readers, writers, [])
            self._serve(readable, writable)

    def _serve(self, readable: list[socket.socket], writable: list[socket.socket]) -> None:
        if self._raw in readable:
            self._receive(self._raw.recv(_CHUNK_BYTES))
        if self._far in readable:
            self._send(self._far.recv(_CHUNK_BYTES))
        self._to_raw += self._layer.bytes_to_send()
        for each, data in ((self._raw, self._to_raw), (self._far, self._to_far)):
            if each in writable and data:
                del data[: each.send(data)]
        if self._layer.peer_has_ended and not self._to_far and not self._has_told_end:
            self._has_told_end = True
            self._far.shutdown(socket.SHUT_WR)

    def _receive(self, data: bytes) -> None:
        if not data:
            self._reads_raw = False
            self._layer.receive_eof()
            return
        self._layer.receive_data(data)
        self._to_far += self._layer.take_plain()

    def _send(self, data: bytes) -> None:
        if data:
            self._layer.send(data)
        else:
            self._reads_far = False
            self._layer.close_sending()
