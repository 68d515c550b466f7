"""Who says nothing, or does not listen, is closed in time; who is answered is not."""

import socket
import time
from collections.abc import Iterator

import pytest

from tests.doors.daemon import BOUND_SECONDS, TCP, UNIX, Daemon, running
from tests.doors.peers import (
    GREETING,
    address_of,
    ask,
    dial,
    hears_the_end,
    receive_all,
    receive_until,
    wait_for_reset,
)

SHORT_SECONDS = 0.5
STALLED_SECONDS = 1.0
SWEEP_SECONDS = 1.0
SLACK_SECONDS = 2.0
"""For a busy machine."""

LIMITS = f"""
[limits]
first_line_seconds = {SHORT_SECONDS}
idle_seconds = {SHORT_SECONDS}
stalled_write_seconds = {STALLED_SECONDS}
"""
COMMANDS = """
[commands.big]
run = ["head", "-c", "16777216", "/dev/zero"]
roles = ["guest"]
output_bytes = 16777216
[commands.patient]
run = ["sh", "-c", "sleep 2.1; echo done"]
roles = ["guest"]
"""


@pytest.fixture(scope="module", params=["once", "keep"])
def daemon(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    session = f'session = "{request.param}"\n'
    config = TCP + session + UNIX + session + LIMITS + COMMANDS
    with running(tmp_path_factory.mktemp(request.param), config) as started:
        yield started


def seconds_to_the_end(peer: socket.socket) -> float:
    began_at = time.monotonic()
    hears_the_end(peer)
    return time.monotonic() - began_at


def test_peers_that_do_not_end_their_first_line_are_closed(daemon: Daemon) -> None:
    sent = (b"", b"upti", b"doorward/1\n", b"doorward/1\nline 6\nup")
    peers = [dial(address_of(daemon, door)) for door in ("tcp", "unix") for _ in sent]
    began_at = time.monotonic()
    for peer, data in zip(peers, sent * 2, strict=True):
        peer.sendall(data)
    for peer in peers:
        with peer:
            hears_the_end(peer)
        took_seconds = time.monotonic() - began_at
        assert SHORT_SECONDS - 0.1 <= took_seconds <= SHORT_SECONDS + SWEEP_SECONDS + SLACK_SECONDS


def test_a_peer_that_is_answered_is_not_hurried(daemon: Daemon) -> None:
    # longer than every limit of this daemon
    assert ask(address_of(daemon, "tcp"), b"patient\n", half_close=True).startswith(GREETING + b"done\n")


def test_a_peer_that_reads_slowly_hears_all(daemon: Daemon) -> None:
    with dial(address_of(daemon, "tcp"), receive_bytes=64 * 1024) as peer:
        receive_until(peer, GREETING)
        peer.sendall(b"big\n")
        peer.shutdown(socket.SHUT_WR)
        received_bytes, pauses = 0, 0
        end_at = time.monotonic() + 2 * STALLED_SECONDS
        while data := peer.recv(256 * 1024):
            received_bytes += len(data)
            if time.monotonic() < end_at:  # longer than a stalled write may take, a little at a time
                pauses += 1
                assert not wait_for_nothing(0.1)
    assert pauses > 5
    assert received_bytes >= 16 * 1024 * 1024


def wait_for_nothing(seconds: float) -> bool:
    """Let time pass in which the peer does not read."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(seconds)
        try:
            return bool(ours.recv(1))
        except TimeoutError:
            return False


@pytest.mark.parametrize("door", ["tcp", "unix"])
def test_a_peer_that_does_not_read_is_ended(daemon: Daemon, door: str) -> None:
    with dial(address_of(daemon, door), receive_bytes=64 * 1024) as peer:
        peer.sendall(b"big\n")
        began_at = time.monotonic()
        wait_for_reset(peer)
        took_seconds = time.monotonic() - began_at
    assert STALLED_SECONDS - 0.1 <= took_seconds <= STALLED_SECONDS + SWEEP_SECONDS + SLACK_SECONDS


@pytest.mark.parametrize("door", ["tcp", "unix"])
def test_a_peer_that_neither_reads_nor_stops_sending_is_ended(daemon: Daemon, door: str) -> None:
    with dial(address_of(daemon, door), receive_bytes=64 * 1024) as peer:
        peer.sendall(b"big\n" + b"big\n" * 1000)
        wait_for_reset(peer)


@pytest.fixture(scope="module")
def kept_daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    config = TCP + 'session = "keep"\n' + LIMITS
    with running(tmp_path_factory.mktemp("kept"), config) as started:
        yield started


def test_each_line_renews_the_patience(kept_daemon: Daemon) -> None:
    with dial(("127.0.0.1", kept_daemon.port)) as peer:
        receive_until(peer, GREETING)
        end_at = time.monotonic() + SHORT_SECONDS + SWEEP_SECONDS + 0.5
        while time.monotonic() < end_at:
            wait_for_nothing(SHORT_SECONDS / 5)
            peer.sendall(b"echo 1\n")
            receive_until(peer, GREETING)
        assert seconds_to_the_end(peer) <= SHORT_SECONDS + SWEEP_SECONDS + SLACK_SECONDS


def test_bytes_that_end_no_line_do_not(kept_daemon: Daemon) -> None:
    with dial(("127.0.0.1", kept_daemon.port)) as peer:
        receive_until(peer, GREETING)
        began_at = time.monotonic()
        wait_for_reset_on_send(peer)
        assert time.monotonic() - began_at <= SHORT_SECONDS + SWEEP_SECONDS + SLACK_SECONDS


def test_the_lingering_of_a_peer_that_sent_too_much_has_an_end(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with running(tmp_path_factory.mktemp("linger")) as started, dial(("127.0.0.1", started.port)) as peer:
        peer.sendall(b"uptime\nmore\n")
        heard = receive_all(peer)
        assert heard.startswith(GREETING)
        assert b"load average" in heard
        # the server has ended its half, and waits for ours no longer than LINGERING_SECONDS
        wait_for_reset_on_send(peer)


def wait_for_reset_on_send(peer: socket.socket) -> None:
    """Send now and then, until the server is heard to have closed."""
    end_at = time.monotonic() + BOUND_SECONDS
    while time.monotonic() < end_at:
        try:
            peer.sendall(b"x")
        except ConnectionError:
            return
        wait_for_nothing(0.05)
    raise AssertionError("the server did not close")
