"""A daemon with a web door, and plain sockets that speak HTTP to it byte by byte."""

import base64
import json
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

from tests.doors.daemon import TCP, UNIX, Daemon
from tests.doors.peers import dial
from tests.doors.tls_peers import HASH, PASSWORD

WEB = '[doors.web]\nlisten = ["127.0.0.1:0"]\n'

USERS = f"""
[users.alice]
password = "{HASH}"
[users.root]
password = "{HASH}"
roles = ["admin"]
"""

CONFIG = TCP + UNIX + WEB + USERS


@dataclass(frozen=True, slots=True)
class Reply:
    """
    What came for a request.

    Attributes:
        status: of HTTP; 0 when the connection ended before one came.
        head: the whole of it.
        body: what followed.
    """

    status: int
    head: str
    body: bytes

    def header(self, name: str) -> str:
        """The value of a header; empty for none."""
        for line in self.head.splitlines()[1:]:
            key, _, value = line.partition(": ")
            if key.lower() == name.lower():
                return value
        return ""

    def json(self) -> dict[str, object]:
        found = json.loads(self.body)
        assert isinstance(found, dict)
        return found


def web_address(daemon: Daemon) -> tuple[str, int]:
    return "127.0.0.1", int(daemon.doors["web"][0].rpartition(":")[2])


def basic(name: str = "alice", password: str = PASSWORD) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def request(
    path: str, *fields: str, method: str = "GET", host: str = "127.0.0.1", body: bytes = b""
) -> bytes:
    """A request whose connection ends with its answer."""
    length = [f"Content-Length: {len(body)}"] if body else []
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", "Connection: close", *length, *fields]
    return "".join(f"{line}\r\n" for line in lines).encode() + b"\r\n" + body


def reply_of(peer: socket.socket) -> Reply:
    """Everything up to the end, as one answer."""
    received = bytearray()
    try:
        while data := peer.recv(65536):
            received += data
    except ConnectionResetError:
        pass
    head, _, body = bytes(received).partition(b"\r\n\r\n")
    status = int(head.split(b" ", 2)[1]) if head.startswith(b"HTTP/1.") else 0
    return Reply(status, head.decode("latin-1"), body)


def asked(daemon: Daemon, data: bytes, *, source: str = "") -> Reply:
    """What comes for these bytes on a connection of their own."""
    with dial(web_address(daemon), source=source) as peer:
        peer.sendall(data)
        return reply_of(peer)


def get(daemon: Daemon, path: str, *fields: str, host: str = "127.0.0.1") -> Reply:
    """What comes for a GET by alice."""
    return asked(daemon, request(path, f"Authorization: {basic()}", *fields, host=host))


def asked_over_tls(address: tuple[str, int], certificate: Path, data: bytes) -> Reply:
    """The same through TLS."""
    context = ssl.create_default_context(cafile=str(certificate))
    with dial(address) as raw, context.wrap_socket(raw, server_hostname="127.0.0.1") as peer:
        peer.sendall(data)
        return reply_of(peer)
