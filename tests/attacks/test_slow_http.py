"""Peers of the web door that are slow on purpose: each is closed in time, and nobody waits for them."""

import socket
import time
from collections.abc import Iterator

import pytest

from tests.doors.daemon import Daemon, running
from tests.doors.peers import dial, hears_the_end
from tests.doors.web.house import CONFIG, asked, basic, reply_of, request, web_address

HEAD_SECONDS = 1.0
BODY_SECONDS = 1.5
SLACK_SECONDS = 4.0
"""For the gate's sweep of a second, and a busy machine."""

LIMITS = f"""
[limits]
http_head_seconds = {HEAD_SECONDS}
http_body_seconds = {BODY_SECONDS}
http_keep_alive_seconds = {HEAD_SECONDS}
"""


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with running(tmp_path_factory.mktemp("slow"), CONFIG + LIMITS) as started:
        yield started


def drip(peer: socket.socket, data: bytes) -> float:
    """Send a byte at a time for as long as the other end listens; how many seconds that was."""
    began_at = time.monotonic()
    peer.settimeout(0.1)
    for index in range(10_000):
        try:
            peer.sendall(data[index : index + 1] or b"a")
            if not peer.recv(4096):
                break
        except TimeoutError:
            continue
        except OSError:
            break
    return time.monotonic() - began_at


def seconds_of_silence(daemon: Daemon, said: bytes) -> float:
    with dial(web_address(daemon)) as peer:
        began_at = time.monotonic()
        peer.sendall(said)
        hears_the_end(peer)
        return time.monotonic() - began_at


POST = f"POST /api/v1/runs HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {basic()}\r\n"
BODY_TO_COME = f"{POST}Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n".encode()


@pytest.mark.parametrize("said", [b"", b"GET /healthz HTTP/1.1\r\nHost: 127"])
def test_a_head_that_does_not_come_is_not_waited_for(daemon: Daemon, said: bytes) -> None:
    assert HEAD_SECONDS * 0.9 <= seconds_of_silence(daemon, said) <= HEAD_SECONDS + SLACK_SECONDS


def test_a_head_that_drips_is_cut(daemon: Daemon) -> None:
    with dial(web_address(daemon)) as peer:
        assert (
            drip(peer, b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: ") <= HEAD_SECONDS + SLACK_SECONDS
        )


def test_a_second_head_that_drips_is_cut(daemon: Daemon) -> None:
    with dial(web_address(daemon)) as peer:
        peer.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert peer.recv(4096).startswith(b"HTTP/1.1 200 ")
        assert drip(peer, b"GET /healthz HTTP/1.1\r\nX-A: ") <= 2 * HEAD_SECONDS + SLACK_SECONDS


def test_a_body_that_does_not_come_is_not_waited_for(daemon: Daemon) -> None:
    assert seconds_of_silence(daemon, BODY_TO_COME) <= BODY_SECONDS + SLACK_SECONDS


def test_a_body_that_drips_is_cut(daemon: Daemon) -> None:
    with dial(web_address(daemon)) as peer:
        peer.sendall(BODY_TO_COME)
        assert drip(peer, b" ") <= BODY_SECONDS + SLACK_SECONDS


def test_an_idle_connection_is_closed_and_others_are_answered_meanwhile(daemon: Daemon) -> None:
    peers = []
    try:
        for _ in range(50):
            peers.append(peer := dial(web_address(daemon)))
            # of those who have not logged in, some would be turned away
            peer.sendall(
                f"GET /healthz HTTP/1.1\r\nHost: a.localhost\r\nAuthorization: {basic()}\r\n\r\n".encode()
            )
            assert peer.recv(4096).startswith(b"HTTP/1.1 200 ")
        assert asked(daemon, request("/healthz")).status == 200
        for peer in peers:
            assert reply_of(peer).status == 0
    finally:
        for peer in peers:
            peer.close()


def test_a_huge_head_is_cut_before_it_costs_memory(daemon: Daemon) -> None:
    before = daemon.forget_peak_memory()
    for _ in range(20):
        with dial(web_address(daemon)) as peer:
            try:
                peer.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n")
                for index in range(4000):
                    peer.sendall(f"X-{index}: {'a' * 1000}\r\n".encode())
            except OSError:
                pass
            assert reply_of(peer).status in {0, 400, 431}
    assert daemon.memory_bytes("VmHWM") - before < 5 * 1024 * 1024
