"""Whoever sends a body that nobody wants is told so, read to a bound, and not waited for."""

import socket
import struct
import threading
import time
from collections.abc import Iterator

import pytest

from doorward.doors.web.parting import PARTING_BYTES, PARTING_SECONDS
from tests.attacks.both_ways import LISTEN, config_for, connected
from tests.doors.daemon import BOUND_SECONDS, Daemon, running
from tests.doors.web.house import basic, reply_of

TIMES = 20


@pytest.fixture(scope="module", params=LISTEN)
def daemon(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with running(tmp_path_factory.mktemp("unwanted"), config_for(request.param)) as started:
        yield started


def head(length: str, *, login: bool = True) -> bytes:
    shown = f"Authorization: {basic()}\r\n" if login else ""
    fields = f"Host: 127.0.0.1\r\nContent-Type: application/json\r\n{shown}{length}\r\n"
    return f"POST /api/v1/runs HTTP/1.1\r\n{fields}\r\n".encode()


@pytest.mark.parametrize(
    ("length", "status"),
    [
        ("Content-Length: 3000000", 413),
        ("Transfer-Encoding: chunked", 413),
        ("Content-Length: 3000000", 401),
    ],
)
def test_a_peer_that_sends_first_and_reads_then_sees_the_refusal(
    daemon: Daemon, length: str, status: int
) -> None:
    piece = b"2710\r\n" + b"x" * 10_000 + b"\r\n" if "chunked" in length else b"x" * 10_000
    for _ in range(TIMES):
        with connected(daemon) as peer:
            peer.sendall(head(length, login=status != 401))
            for _ in range(300):
                peer.sendall(piece)
            assert reply_of(peer).status == status
    assert "sent a head of more than" not in daemon.log


def test_a_body_without_end_is_read_to_a_bound_and_costs_no_memory(daemon: Daemon) -> None:
    before_bytes, sent_bytes = daemon.forget_peak_memory(), 0
    with connected(daemon) as peer:
        peer.sendall(head("Content-Length: 999999999999"))
        try:
            while sent_bytes < 8 * PARTING_BYTES:
                peer.sendall(b"x" * 65_536)
                sent_bytes += 65_536
        except OSError:
            pass  # it was cut off
    assert PARTING_BYTES / 2 < sent_bytes < 4 * PARTING_BYTES
    assert daemon.memory_bytes("VmHWM") - before_bytes < 5 * 1024 * 1024


def test_a_peer_that_goes_on_slowly_is_not_waited_for(daemon: Daemon) -> None:
    began_at = time.monotonic()
    with connected(daemon) as peer:
        peer.sendall(head("Content-Length: 3000000"))
        is_over = threading.Event()

        def drip() -> None:
            try:
                while not is_over.wait(0.05):
                    peer.send(b"x")
            except OSError:
                is_over.set()

        dripping = threading.Thread(target=drip)
        dripping.start()
        ended = is_over.wait(PARTING_SECONDS + BOUND_SECONDS)
        is_over.set()
        dripping.join()
    assert ended
    assert time.monotonic() - began_at < PARTING_SECONDS + BOUND_SECONDS


def test_a_peer_that_leaves_in_its_body_leaves_no_traceback(daemon: Daemon) -> None:
    for reset in (False, True):
        for _ in range(TIMES):
            with connected(daemon) as peer:
                peer.sendall(head("Content-Length: 1000") + b"{")
                if reset:
                    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with connected(daemon) as peer:
        peer.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        assert reply_of(peer).status == 200
    assert "Traceback" not in daemon.log
