"""Bytes that drip so slowly that a line never ends: such a peer is closed in time, and holds up nobody."""

import select
import socket
import time

from tests.attacks.conftest import Attacked
from tests.doors.daemon import BOUND_SECONDS
from tests.doors.peers import answer, dial

PEERS = 50
LIMIT_SECONDS = 1.0


def test_all_that_drip_are_closed_while_others_are_answered(attacked: Attacked) -> None:
    daemon = attacked(f"[limits]\nfirst_line_seconds = {LIMIT_SECONDS}\n")
    began_at = time.monotonic()
    peers = {dial(("127.0.0.1", daemon.port)) for _ in range(PEERS)}
    try:
        left = drip_until_closed(peers, until=began_at + BOUND_SECONDS)
        took_seconds = time.monotonic() - began_at
        assert not left
        assert answer(("127.0.0.1", daemon.port), "echo 1") == b"1\n"
    finally:
        for peer in peers:
            peer.close()
    assert LIMIT_SECONDS <= took_seconds < LIMIT_SECONDS + 4


def drip_until_closed(peers: set[socket.socket], *, until: float) -> set[socket.socket]:
    """Send a byte on each now and then; the peers that are still open at the end."""
    left = set(peers)
    while left and time.monotonic() < until:
        readable, _, _ = select.select(left, [], [], 0.1)
        for peer in tuple(left):
            try:
                is_over = peer in readable and not peer.recv(4096)
                peer.send(b"x")
            except ConnectionError:
                is_over = True
            if is_over:
                left.discard(peer)
    return left
