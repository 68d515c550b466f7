"""A daemon with a web door that is attacked through its API, and raw sockets to do it with."""

import socket

from tests.doors.daemon import BOUND_SECONDS, UNIX, Daemon
from tests.doors.web_api.calls import COMMANDS, USERS, WEB, basic, web_port

ENDLESS = """
[commands.flood]
run = ["yes"]
output_bytes = 67108864
timeout_seconds = 600
"""

CONFIG = UNIX + WEB + USERS + COMMANDS + ENDLESS


def dialled(daemon: Daemon, *, buffer_bytes: int = 0) -> socket.socket:
    """A connection to the web door; one with a small buffer soon takes nothing more."""
    peer = socket.socket()
    peer.settimeout(BOUND_SECONDS)
    if buffer_bytes:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
    peer.connect(("127.0.0.1", web_port(daemon)))
    return peer


def asked(daemon: Daemon, path: str, *, name: str = "alice", buffer_bytes: int = 0) -> socket.socket:
    """A connection on which `path` was asked for, of which nothing was read yet."""
    peer = dialled(daemon, buffer_bytes=buffer_bytes)
    head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {basic(name)}\r\n\r\n"
    peer.sendall(head.encode())
    return peer


def hear_until(peer: socket.socket, wanted: bytes) -> bytes:
    """What comes up to `wanted`, and what came with it."""
    heard = b""
    while wanted not in heard:
        data = peer.recv(65536)
        assert data, heard
        heard += data
    return heard
