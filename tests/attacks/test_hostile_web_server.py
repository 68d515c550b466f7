"""A server that `ask` takes for a web door does all it can: the client soon ends, and says why in a line."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import pytest

from doorward.clients._asking import Kept, Reply, Request
from doorward.clients._endpoints import HttpEndpoint, parse_endpoint
from doorward.clients.http import asking, following, server
from doorward.clients.http.asking import ask
from doorward.core.errors import ConnectError
from doorward.core.secret import Secret
from tests.clients.lines.peers import BOUND_SECONDS
from tests.clients.lines.test_asking import never

JSON = b"Content-Type: application/json\r\n"
PROBLEM = b"Content-Type: application/problem+json\r\n"
STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
END = b'event: end\nid: end\ndata: {"outcome": {"kind": "exited", "exit_status": 0}}\n\n'

Answer = Callable[[socket.socket], None]


@dataclass
class Hostile:
    """
    Answers a request by what its path begins with; whatever has no answer there begins run 7.

    Attributes:
        heads: of all requests, as they came.
    """

    answers: dict[str, Answer]
    heads: list[str]

    def __call__(self, peer: socket.socket) -> None:
        while head := read_head(peer):
            self.heads.append(head)
            path = head.split(" ")[1]
            found = [answer for start, answer in self.answers.items() if path.startswith(start)]
            (found[0] if found else begin_run)(peer)
            if "text/event-stream" in head:
                return


def read_head(peer: socket.socket) -> str:
    """A request's head, when its body was read too; empty for none."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = peer.recv(65536)
        if not piece:
            return ""
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (int(line[16:]) for line in head.decode().split("\r\n") if line.startswith("Content-Length: ")), 0
    )
    while len(body) < length:
        body += peer.recv(65536)
    return head.decode()


def answer(fields: bytes, body: bytes, *, status: bytes = b"200 OK") -> bytes:
    return b"HTTP/1.1 %b\r\n%bContent-Length: %d\r\n\r\n%b" % (status, fields, len(body), body)


def says(data: bytes) -> Answer:
    return lambda peer: peer.sendall(data)


def goes_on(beginning: bytes, more: bytes) -> Answer:
    """Say something, and then more of the same for as long as it is taken."""

    def handle(peer: socket.socket) -> None:
        peer.sendall(beginning)
        while True:
            peer.sendall(more)

    return handle


def drips(beginning: bytes) -> Answer:
    """Say something, and then a byte now and then."""

    def handle(peer: socket.socket) -> None:
        peer.sendall(beginning)
        while True:
            peer.sendall(b" ")
            time.sleep(0.05)

    return handle


def is_silent(peer: socket.socket) -> None:
    peer.recv(1)


def begin_run(peer: socket.socket) -> None:
    peer.sendall(answer(JSON, b'{"run": 7}', status=b"202 Accepted"))


@contextmanager
def hostile(**answers: Answer) -> Iterator[tuple[str, Hostile]]:
    """Yields the URL of one, and it; its answers go by what is asked, as `events` or `cancel`."""
    paths = {
        "events": "/api/v1/runs/7/events",
        "cancel": "/api/v1/runs/7/cancel",
        "runs": "/api/v1/runs",
        "commands": "/api/v1/commands",
    }
    handler = Hostile({paths[name]: answers[name] for name in paths if name in answers}, [])
    with side_by_side(handler) as url:
        yield url, handler


@contextmanager
def side_by_side(handler: Answer) -> Iterator[str]:
    """Answer connections with `handler`, each in a thread of its own; yields the URL."""
    threads: list[threading.Thread] = []

    def answer_one(peer: socket.socket) -> None:
        with peer, suppress(OSError):
            peer.settimeout(BOUND_SECONDS)
            handler(peer)

    def serve(listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                peer, _ = listener.accept()
                threads.append(threading.Thread(target=answer_one, args=(peer,)))
                threads[-1].start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        accepting = threading.Thread(target=serve, args=(listener,))
        accepting.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        accepting.join(BOUND_SECONDS)
    for thread in threads:
        thread.join(BOUND_SECONDS)


def put(
    url: str, *, most_bytes: int = 1 << 20, input_descriptor: int | None = None, timeout: float | None = None
) -> tuple[Reply, bytes]:
    endpoint = parse_endpoint(url)
    assert isinstance(endpoint, HttpEndpoint)
    kept = Kept(most_bytes)
    request = Request(
        line="df",
        input_descriptor=input_descriptor,
        connect_seconds=0.5,
        timeout_seconds=timeout,
        login=lambda _form: Secret("alice sesame"),
    )
    return ask(endpoint, request, kept, interruptible=never), bytes(kept.out)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "PAUSES_SECONDS", (0.01, 0.01))
    monkeypatch.setattr(server, "EXCHANGE_SECONDS", 1.0)
    monkeypatch.setattr(server, "SILENCE_SECONDS", 0.3)
    monkeypatch.setattr(asking, "CANCEL_SECONDS", 0.5)


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        (b"220 mail.example.org ESMTP\r\n", "speaks no HTTP"),
        (b"\x16\x03\x01\x00\x00" * 10, "speaks no HTTP"),
        (b"HTTP/1.1 200 OK\r\nA: " + b"x" * 100_000 + b"\r\n\r\n", "speaks no HTTP"),
        (b"HTTP/1.1 200 OK\r\n" + b"A: x\r\n" * 5000 + b"\r\n", "speaks no HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", "speaks no HTTP"),
        (answer(b"Content-Type: text/html\r\nServer: nginx\r\n", b"<h1>It works!"), "no Doorward.*nginx"),
        (answer(b"Content-Type: text/html\r\n", b"", status=b"404 Not Found"), "no Doorward.*status 404"),
        (answer(b"Content-Type: text/html\r\n", b"", status=b"401 Unauthorized"), "no Doorward.*status 401"),
        (answer(JSON, b'{"run": 7'), "no Doorward.*JSON that is broken"),
        (answer(JSON, b'{"run": ' + b"[" * 200_000), "no Doorward.*JSON that is broken"),
        (answer(JSON, b'{"runs": []}'), "no Doorward"),
        (answer(JSON, b'{"run": 1e999}'), "no Doorward"),
        (answer(JSON, b"{}", status=b"500 Oh"), "no Doorward.*status 500"),
        (answer(PROBLEM, b"{}", status=b"404 Not Found"), "no Doorward.*a problem without words"),
        (answer(PROBLEM, b'{"detail": "no page"}', status=b"404 Not Found"), "read: no page"),
        (answer(JSON + b"Content-Encoding: gzip\r\n", b"\x1f\x8b" * 99), "no Doorward"),
        (b"HTTP/1.1 200 OK\r\n" + JSON + b"Content-Length: 500\r\n\r\n{", "the connection was lost"),
        (b"", "closed the connection"),
    ],
)
def test_what_is_no_answer_of_a_door_is_told_in_one_line(said: bytes, complaint: str) -> None:
    def say_and_close(peer: socket.socket) -> None:
        peer.sendall(said)
        peer.shutdown(socket.SHUT_WR)

    with hostile(runs=say_and_close) as (url, _), pytest.raises(ConnectError, match=complaint) as caught:
        put(url)
    assert len(str(caught.value)) < 500
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("status", [b"301 Moved", b"302 Found", b"307 Temporary Redirect", b"308 Oh"])
def test_a_redirection_is_not_followed_whoever_it_leads_to(status: bytes) -> None:
    with hostile() as (elsewhere, other):
        moved = answer(b"Location: %b/\x1b[31m\r\n" % elsewhere.encode(), b"", status=status)
        with hostile(runs=says(moved)) as (url, _), pytest.raises(ConnectError) as caught:
            put(url)
    assert "it redirects to" in str(caught.value) or "speaks no HTTP" in str(caught.value)
    assert str(caught.value).isprintable()
    assert other.heads == []


def test_who_does_not_ask_as_a_door_does_is_told_no_password() -> None:
    challenge = b'WWW-Authenticate: Basic realm="doorward"\r\n'
    other = answer(challenge + b"Content-Type: text/html\r\n", b"Who?", status=b"401 Unauthorized")
    with hostile(runs=says(other)) as (url, handler), pytest.raises(ConnectError, match="no Doorward"):
        put(url)
    assert not any("Authorization" in head for head in handler.heads)


def test_a_door_that_refuses_every_login_is_asked_twice_and_no_more() -> None:
    refused = answer(PROBLEM, b'{"detail": "not you"}', status=b"401 Unauthorized")
    with hostile(runs=says(refused)) as (url, handler):
        reply, _ = put(url)
    assert reply.outcome is not None
    assert (reply.outcome.exit_status, reply.outcome.reason) == (126, "not you")
    assert ["Authorization" in head for head in handler.heads] == [False, True]


@pytest.mark.parametrize(
    "handler",
    [
        pytest.param(is_silent, id="silent"),
        pytest.param(drips(b"HTTP/1.1 200 OK\r\nA:"), id="head"),
        pytest.param(drips(b"HTTP/1.1 200 OK\r\n" + JSON + b"Content-Length: 9999\r\n\r\n"), id="body"),
        pytest.param(goes_on(b"HTTP/1.1 200 OK\r\nA:", b"x" * 1000), id="endless-head"),
        pytest.param(
            goes_on(b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"), id="continue"
        ),
    ],
)
def test_an_answer_without_end_ends_soon(handler: Answer) -> None:
    began_at = time.monotonic()
    with hostile(runs=handler) as (url, _), pytest.raises(ConnectError):
        put(url)
    assert time.monotonic() - began_at < 5


def test_an_endless_answer_is_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "ANSWER_BYTES", 100_000)
    endless = b"HTTP/1.1 200 OK\r\n" + JSON + b"Content-Length: 99999999999\r\n\r\n"
    with (
        hostile(runs=goes_on(endless, b" " * 1000)) as (url, _),
        pytest.raises(ConnectError, match="longer than 100000 bytes"),
    ):
        put(url)


def test_endless_output_is_kept_up_to_a_bound_only() -> None:
    def stream(peer: socket.socket) -> None:
        peer.sendall(STREAM)
        for number in range(1, 1_000_000):
            peer.sendall(b'event: out\nid: %d\ndata: {"text": "%b"}\n\n' % (number * 1000, b"y" * 1000))

    with hostile(events=stream) as (url, _), pytest.raises(ConnectError, match="too long to be kept"):
        put(url, most_bytes=100_000)


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        (b"data: " + b"x" * 2_000_000, "an event of more than 1048576 bytes"),
        (b"data:\n" * 500_000, "an event of more than 1048576 bytes"),
        (b'event: out\nid: 99\ndata: {"text": "x"}\n\n', "output up to byte '99' where it should be 1"),
        (b"event: out\nid: 1\ndata: x\n\n", "JSON that is broken"),
        (b"event: end\ndata: {}\n\n", "nothing of how it ended"),
        (b'event: end\ndata: {"outcome": {"kind": "exited", "status": 700}}\n\n', "status is no number"),
    ],
)
def test_a_stream_that_says_nonsense_is_told_in_one_line(said: bytes, complaint: str) -> None:
    with hostile(events=says(STREAM + said)) as (url, handler), pytest.raises(ConnectError, match=complaint):
        put(url)
    assert len([head for head in handler.heads if "events" in head]) == 1


def test_a_stream_that_is_always_cut_is_asked_for_a_few_times_and_given_up() -> None:
    said = STREAM + b'event: out\nid: 1\ndata: {"text": "x"}\n\nevent: out\nid: 3\nda'
    with hostile(events=says(said)) as (url, handler):
        with pytest.raises(ConnectError, match="output up to byte '1' where it should be 2"):
            # the second does not go on from where it was asked to
            put(url)
        assert len([head for head in handler.heads if "events" in head]) == 2
    with hostile(events=says(STREAM)) as (url, handler):
        with pytest.raises(ConnectError, match="before the answer was complete"):
            put(url)
        assert len([head for head in handler.heads if "events" in head]) == 3


def test_a_silent_stream_is_taken_for_a_broken_one() -> None:
    def stream(peer: socket.socket) -> None:
        peer.sendall(STREAM)
        peer.recv(1)

    with hostile(events=stream) as (url, _), pytest.raises(ConnectError, match="no answer within"):
        put(url)


def test_a_run_that_does_not_end_when_it_is_cancelled_is_left() -> None:
    stopped = answer(JSON, b'{"message": "Run 7 is being stopped."}', status=b"202 Accepted")
    beat = drips(STREAM + b":")
    for cancel in (says(stopped), is_silent):
        with hostile(events=beat, cancel=cancel) as (url, _), pytest.raises(ConnectError) as caught:
            put(url, timeout=0.1)
        assert "did not end within 0.5 s" in str(caught.value)


def test_words_of_a_server_do_nothing_to_a_terminal() -> None:
    body = json.dumps({"detail": "\x1b]0;owned\x07\nsecond line"}).encode()
    bad = says(answer(PROBLEM, body, status=b"400 Bad Request"))
    with hostile(runs=bad) as (url, _), pytest.raises(ConnectError) as caught:
        put(url)
    assert str(caught.value).isprintable()
