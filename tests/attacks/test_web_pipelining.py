"""Requests that are sent while an answer is under way wait where they cost little, and none is lost."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest

from tests.attacks.both_ways import LISTEN, config_for, connected
from tests.doors.daemon import BOUND_SECONDS, Daemon, running
from tests.doors.web.house import basic

MIB = 1024 * 1024
PEERS = 8
LOGIN = f"Authorization: {basic()}\r\n"
HUGE_HEAD = (
    "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    + "".join(f"X-{index}: {'a' * 8000}\r\n" for index in range(60))
    + "\r\n"
).encode()
COMMANDS = """
[commands.hold]
run = ["sh", "-c", "echo holding; exec sleep 1000"]
read_only = true
timeout_seconds = 1000
[commands.upper]
run = ["tr", "a-z", "A-Z"]
input = true
"""


@pytest.fixture(scope="module", params=LISTEN)
def daemon(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    config = config_for(request.param) + COMMANDS
    with running(tmp_path_factory.mktemp("pipelined"), config) as started:
        yield started


def said(path: str, *, method: str = "GET", body: bytes = b"") -> bytes:
    kind = "Content-Type: application/json\r\n" if body else ""
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    return f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{LOGIN}{kind}{length}\r\n".encode() + body


def heard_with(peer: socket.socket, wanted: bytes, times: int) -> bytes:
    heard = b""
    while heard.count(wanted) < times:
        data = peer.recv(65536)
        assert data, heard
        heard += data
    return heard


def test_huge_heads_behind_an_answer_that_goes_on_take_no_memory(daemon: Daemon) -> None:
    with ExitStack() as stack:
        peers = [stack.enter_context(connected(daemon)) for _ in range(PEERS)]
        for peer in peers:
            peer.sendall(said("/healthz"))
            heard_with(peer, b"HTTP/1.1 200 ", 1)
        run = stack.enter_context(connected(daemon))
        run.sendall(said("/api/v1/commands/hold/runs", method="POST", body=b"{}"))
        number = heard_with(run, b'"run":', 1).partition(b'"run":')[2].partition(b",")[0].decode()
        for peer in peers:
            peer.sendall(said(f"/api/v1/runs/{number}/events"))
            heard_with(peer, b"holding", 1)
        before_bytes = daemon.forget_peak_memory()
        for peer in peers:
            peer.settimeout(0.3)
            try:
                for _ in range(40):
                    peer.sendall(HUGE_HEAD)
                pytest.fail("all of it was taken")
            except TimeoutError:
                pass  # the daemon reads no more of it
        assert daemon.memory_bytes("VmHWM") - before_bytes < PEERS * 2 * MIB


def test_hundreds_of_requests_and_bodies_in_a_row_are_each_answered_once_in_their_order(
    daemon: Daemon,
) -> None:
    bodies = [f'{{"line": "echo {index:04}-{"y" * (index % 50 * 80)}"}}'.encode() for index in range(300)]
    requests = b"".join(said("/api/v1/runs", method="POST", body=body) for body in bodies)
    for chunk_bytes in (700, 100_000):
        with ExitStack() as stack:
            peer = stack.enter_context(connected(daemon))
            heard = b""
            peer.settimeout(0.01)
            for at in range(0, len(requests), chunk_bytes):
                peer.sendall(requests[at : at + chunk_bytes])
                with suppress(TimeoutError):
                    heard += peer.recv(65536)
            peer.settimeout(BOUND_SECONDS)
            while heard.count(b"HTTP/1.1 200 ") < 300 or b"0299-" not in heard:
                data = peer.recv(65536)
                assert data, heard[-2000:]
                heard += data
        places = [heard.find(f'"output":"{index:04}-'.encode()) for index in range(300)]
        assert -1 not in places
        assert places == sorted(places)


def test_a_connection_may_ask_for_as_long_as_it_likes(daemon: Daemon) -> None:
    with ExitStack() as stack:
        peer = stack.enter_context(connected(daemon))
        padding = f"X-Padding: {'a' * 4000}\r\n".encode()
        for _ in range(100):
            peer.sendall(said("/healthz").removesuffix(b"\r\n") + padding + b"\r\n")
            heard_with(peer, b"HTTP/1.1 200 ", 1)


def test_a_head_that_came_in_time_makes_room_for_a_large_body_in_the_same_piece(daemon: Daemon) -> None:
    body = b'{"line": "upper", "input": "%s"}' % (b"x" * 1_000_000)
    for _ in range(5):
        with ExitStack() as stack:
            peer = stack.enter_context(connected(daemon))
            peer.sendall(said("/api/v1/runs?wait=10", method="POST", body=body))
            assert b"X" * 1000 in heard_with(peer, b"X" * 1000, 1)
