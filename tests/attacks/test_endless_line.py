"""A line without an end: the daemon's memory does not grow with it."""

import socket

import pytest

from tests.attacks.conftest import Attacked
from tests.doors.peers import address_of, answer, dial, hears_the_end

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


@pytest.mark.parametrize("door", ["tcp", "unix"])
def test_memory_grows_by_less_than_5_mb(attacked: Attacked, door: str) -> None:
    daemon = attacked(session="keep")
    assert answer(daemon.socket_path, "echo warm\nquit")
    before_bytes = daemon.forget_peak_memory()
    peers = [dial(address_of(daemon, door)) for _ in range(8)]
    try:
        for head, peer in zip(HEADS * 2, peers, strict=True):
            assert pour(peer, head, b"x" * 65_536) < SENT_BYTES
            assert hears_the_end(peer)
    finally:
        for peer in peers:
            peer.close()
    assert daemon.memory_bytes("VmHWM") - before_bytes < 5 * MIB
