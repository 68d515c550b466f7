"""
A client written from docs/protocol.md alone, to show that one can be.

Between the two rules stands nothing of ours: sockets and JSON.
"""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from doorward.core.errors import ProtocolError
from doorward.core.outcome import Outcome, OutcomeKind
from doorward.lines.events import InputEnded, InputReceived
from tests.lines.dialogue import Dialogue, Reply, err, out, session

# ---- 8< ----


def read_exactly(sock: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        piece = sock.recv(length - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data


def read_line(sock: socket.socket) -> str:
    line = b""
    while not line.endswith(b"\n"):
        line += read_exactly(sock, 1)
    return line.decode()


def read_frame(sock: socket.socket) -> tuple[str, bytes]:
    kind, length = read_line(sock).split(" ")
    return kind, read_exactly(sock, int(length))


def write_frame(sock: socket.socket, kind: str, content: bytes = b"") -> None:
    sock.sendall(f"{kind} {len(content)}\n".encode() + content)


def ask(sock: socket.socket, line: str, *, stdin: bytes = b"", login: str = "") -> tuple[int, bytes, bytes]:
    """Run one command; gives its exit status and both its streams."""
    sock.sendall(b"doorward/1\n")
    read_line(sock)  # the greeting is for people
    streams = {"out": b"", "err": b""}
    while True:
        kind, content = read_frame(sock)
        if kind == "login":
            write_frame(sock, "line", login.encode())
        elif kind == "ready":
            write_frame(sock, "line", line.encode())
        elif kind == "run" and b"input" in content.split(b" ")[1:]:
            for start in range(0, len(stdin), 65536):
                write_frame(sock, "in", stdin[start : start + 65536])
            write_frame(sock, "eof")
        elif kind in streams:
            streams[kind] += content
        elif kind == "end":
            return json.loads(content)["exit_status"], streams["out"], streams["err"]


# ---- 8< ----

BIG = bytes(range(256)) * 1000
REPLIES: dict[str | None, Reply] = {
    "both": Reply(
        run=1, chunks=[out(b"a\n"), err(b"b\n"), out(b"c")], outcome=Outcome(OutcomeKind.EXITED, status=3)
    ),
    "big": Reply(run=2, chunks=[out(BIG), err(BIG)]),
    "sort": Reply(run=3, takes_input=True, is_held=True),
    "echo hi": Reply(chunks=[out(b"hi\n")]),
    "late": Reply(run=4, outcome=Outcome(OutcomeKind.TIMED_OUT, after_seconds=60.0)),
}


def serve(sock: socket.socket, dialogue: Dialogue) -> None:
    # a client that leaves before the last `ready` resets the connection
    with sock, suppress(ConnectionError):
        converse(sock, dialogue)


def converse(sock: socket.socket, dialogue: Dialogue) -> None:
    sock.sendall(dialogue.said)
    while not dialogue.is_over():
        data = sock.recv(1000)
        try:
            answer = dialogue.send(data) if data else dialogue.half_close()
        except ProtocolError:
            break
        if dialogue.heard and dialogue.heard[-1] == InputEnded():
            received = b"".join(event.data for event in dialogue.heard if isinstance(event, InputReceived))
            answer += dialogue.finish(Outcome(OutcomeKind.EXITED), out(received[::-1]))
        sock.sendall(answer)


@contextmanager
def server(*, login: bool = False) -> Iterator[socket.socket]:
    """A client's end of a connection to a session of ours."""
    ours, theirs = socket.socketpair()
    theirs.settimeout(10)
    ours.settimeout(10)
    dialogue = Dialogue(session=session(login=login), replies=REPLIES)
    thread = threading.Thread(target=serve, args=(ours, dialogue))
    thread.start()
    try:
        with theirs:
            yield theirs
    finally:
        thread.join(10)
        ours.close()


@pytest.mark.parametrize(
    ("line", "status", "stdout", "stderr"),
    [
        ("both", 3, b"a\nc", b"b\n"),
        ("big", 0, BIG, BIG),
        ("echo hi", 0, b"hi\n", b""),
        ("late", 124, b"", b""),
        ("frobnicate", 127, b"", b""),
    ],
)
def test_a_client_of_forty_lines_gets_status_and_streams(
    line: str, status: int, stdout: bytes, stderr: bytes
) -> None:
    with server() as sock:
        assert ask(sock, line) == (status, stdout, stderr)


def test_it_sends_input() -> None:
    with server() as sock:
        assert ask(sock, "sort", stdin=BIG) == (0, BIG[::-1], b"")


def test_it_logs_in() -> None:
    with server(login=True) as sock:
        assert ask(sock, "echo hi", login="alice sesame") == (0, b"hi\n", b"")
    with server(login=True) as sock:
        assert ask(sock, "echo hi", login="alice open") == (126, b"", b"")
