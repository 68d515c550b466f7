"""
GET over a bare socket, blocking and not: what HTTP looks like below a client, and what is missing.

Nothing is followed (3xx), nothing is joined (chunks), nothing is an error (404, 500): it is all bytes, and
whoever wants the page has to write the rest. It asks as HTTP/1.1, as a client of today does.
"""

import select
import socket
import time
from dataclasses import dataclass

READ_BYTES = 64 * 1024
ANSWER_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Bare:
    """
    An answer as it came.

    Attributes:
        status: the number in its first line; 0 when there is none.
        head: the header lines, undecided what they mean.
        body: whatever followed, chunk sizes and all.
    """

    status: int
    head: bytes
    body: bytes


def get_blocking(host: str, port: int, path: str, *, timeout_seconds: float = 10.0) -> Bare:
    """
    What the server says to a GET of `path`, until it closes.

    Raises:
        OSError: nobody is there, or too slow a step.
        ValueError: more than `ANSWER_BYTES`.
    """
    heard = b""
    # [the wait]
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as connection:
        connection.settimeout(timeout_seconds)
        connection.connect((host, port))
        connection.sendall(_request(host, path))
        while data := connection.recv(READ_BYTES):
            heard = _joined(heard, data)
    # [end]
    return _read(heard)


def get_nonblocking(host: str, port: int, path: str, *, timeout_seconds: float = 10.0) -> Bare:
    """
    The same, never waiting but in select; all of it has `timeout_seconds`.

    Raises:
        OSError, ValueError: as `get_blocking`.
    """
    by, unsent, heard = time.monotonic() + timeout_seconds, _request(host, path), b""
    # [the wait without blocking]
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as connection:
        connection.setblocking(False)
        connection.connect_ex((host, port))
        while True:
            seconds = max(by - time.monotonic(), 0.0)
            readable, writable, _ = select.select([connection], [connection] if unsent else [], [], seconds)
            if writable:
                # the first time, this tells of a connection that was refused as well
                unsent = unsent[connection.send(unsent) :]
            elif readable:
                if not (data := connection.recv(READ_BYTES)):
                    break
                heard = _joined(heard, data)
            else:
                raise TimeoutError("no answer in time")
    # [end]
    return _read(heard)


def _request(host: str, path: str) -> bytes:
    for text in (host, path):
        # a line break in them would be a header of somebody else's
        if not text.isascii() or not text.isprintable() or " " in text:
            raise ValueError("no host or path to ask for")
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()


def _joined(heard: bytes, data: bytes) -> bytes:
    if len(heard) + len(data) > ANSWER_BYTES:
        raise ValueError(f"an answer of more than {ANSWER_BYTES} bytes")
    return heard + data


def _read(heard: bytes) -> Bare:
    head, _, body = heard.partition(b"\r\n\r\n")
    first, _, rest = head.partition(b"\r\n")
    words = first.split(b" ", 2)
    status = int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
    return Bare(status, rest, body)
