"""Bytes of TLS that no library sends: a hello to be cut, and records of a client that does as it likes."""

import hmac
import socket
import ssl
from hashlib import sha384
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.doors.peers import receive_until
from tests.doors.tls_peers import LOGIN, TlsAddress

HANDSHAKE, APPLICATION_DATA = 22, 23
KEY_UPDATE = 24
UPDATE_REQUESTED = 1

_HASH_BYTES, _KEY_BYTES, _IV_BYTES, _TAG_BYTES = 48, 32, 12, 16
_CIPHER = "TLS_AES_256_GCM_SHA384"


def client_hello() -> bytes:
    """What a client says first."""
    outgoing = ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="localhost")
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        return outgoing.read()
    raise AssertionError("a handshake without a server")


class RecordWriter:
    """
    The sending half of a client of TLS 1.3, after its handshake, that writes any records in any order.

    Source: RFC 8446 sections 5.2 and 7; the secret comes from the client's own key log.

    Args:
        secret: of what the client sends.
        sent_records: how many it has sent with it.
    """

    def __init__(self, secret: bytes, *, sent_records: int) -> None:
        self._take(secret)
        self._sent_records = sent_records

    def record(self, content: bytes, *, kind: int = APPLICATION_DATA) -> bytes:
        """One record, encrypted."""
        inner = content + bytes([kind])
        header = bytes([APPLICATION_DATA, 3, 3]) + (len(inner) + _TAG_BYTES).to_bytes(2, "big")
        counter = int.from_bytes(self._iv, "big") ^ self._sent_records
        self._sent_records += 1
        return header + self._cipher.encrypt(counter.to_bytes(_IV_BYTES, "big"), inner, header)

    def key_update(self) -> bytes:
        """One that wants the server to change its key too; what follows is written with a new one of ours."""
        record = self.record(bytes([KEY_UPDATE, 0, 0, 1, UPDATE_REQUESTED]), kind=HANDSHAKE)
        self._take(_expanded(self._secret, b"traffic upd", _HASH_BYTES))
        self._sent_records = 0
        return record

    def _take(self, secret: bytes) -> None:
        self._secret = secret
        self._cipher = AESGCM(_expanded(secret, b"key", _KEY_BYTES))
        self._iv = _expanded(secret, b"iv", _IV_BYTES)


def shaken(raw: socket.socket, address: TlsAddress, key_log: Path) -> tuple[ssl.SSLSocket, RecordWriter]:
    """A client of TLS 1.3 that has said nothing yet, and what writes its records; it owns `raw`."""
    context = address.context()
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.keylog_filename = str(key_log)
    secured = context.wrap_socket(raw, server_hostname=address.host)
    cipher = secured.cipher()
    assert cipher is not None
    assert cipher[0] == _CIPHER
    secrets = [
        line.split()[2] for line in key_log.read_text().splitlines() if "CLIENT_TRAFFIC_SECRET_0" in line
    ]
    return secured, RecordWriter(bytes.fromhex(secrets[-1]), sent_records=0)


def log_in(secured: ssl.SSLSocket, writer: RecordWriter) -> None:
    """Log in with what `writer` writes, up to the greeting."""
    send_raw(secured, writer.record(LOGIN))
    receive_until(secured, b"?\n")
    receive_until(secured, b"?\n")


def send_raw(secured: ssl.SSLSocket, data: bytes) -> None:
    """Send what is encrypted already."""
    socket.socket.sendall(secured, data)


def _expanded(secret: bytes, label: bytes, size_bytes: int) -> bytes:
    """HKDF-Expand-Label of an empty context, at most one block of it: RFC 8446 section 7.1, RFC 5869."""
    full = b"tls13 " + label
    info = size_bytes.to_bytes(2, "big") + bytes([len(full)]) + full + b"\0"
    return hmac.digest(secret, info + b"\1", sha384)[:size_bytes]
