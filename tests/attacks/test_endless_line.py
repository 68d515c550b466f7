"""A line without an end: the daemon's memory does not grow with it."""

import socket
from contextlib import ExitStack

import pytest

from tests.attacks.conftest import Attacked
from tests.attacks.worker import at_work
from tests.doors.peers import address_of, dial, enter, hears_the_end

MIB = 1024 * 1024
SENT_BYTES = 64 * MIB
HEADS = [b"", b"doorward/1\n", b"doorward/1\nline ", b"echo '"]


def pour(peer: socket.socket, head: bytes, piece: bytes) -> int:
    """Send `piece` again and again until the server has had enough; how many bytes went out."""
    sent_bytes = 0
    try:
        peer.sendall(head)
        while sent_bytes < SENT_BYTES:
            peer.sendall(piece)
            sent_bytes += len(piece)
    except ConnectionError:
        pass
    return sent_bytes


@pytest.mark.parametrize("door", ["tcp", "unix", "tls"])
def test_memory_grows_by_less_than_5_mb(attacked: Attacked, door: str) -> None:
    daemon = attacked(session="keep")
    with at_work(daemon, "tls"):
        before_bytes = daemon.forget_peak_memory()
    with ExitStack() as stack:
        for head in HEADS * 2:
            peer = stack.enter_context(enter(daemon, door))
            assert pour(peer, head, b"x" * 65_536) < SENT_BYTES
            assert hears_the_end(peer)
    assert daemon.memory_bytes("VmHWM") - before_bytes < 5 * MIB


def test_a_password_without_an_end_is_closed_and_memory_grows_by_less_than_5_mb(attacked: Attacked) -> None:
    daemon = attacked(session="keep")
    with at_work(daemon, "tls"):
        before_bytes = daemon.forget_peak_memory()
    with ExitStack() as stack:
        for head in HEADS * 2:
            peer = stack.enter_context(dial(address_of(daemon, "tls")))
            assert pour(peer, head, b"x" * 65_536) < SENT_BYTES
            assert hears_the_end(peer)
    assert daemon.memory_bytes("VmHWM") - before_bytes < 5 * MIB
    assert daemon.stop() == 0
    assert sum(line["event"] == "login" for line in daemon.audit()) == 1
