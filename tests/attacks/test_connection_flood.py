"""Connections by the hundred while somebody works: they notice nothing, and the daemon recovers."""

import socket
import time

from tests.attacks.conftest import Attacked
from tests.doors.daemon import until
from tests.doors.peers import FramePeer, dial, status, wait_until_alone

FLOOD = 600
MOST = 200


def test_a_client_who_works_goes_on(attacked: Attacked) -> None:
    daemon = attacked(f"[limits]\nconnections = {MOST}\n")
    flood: list[socket.socket] = []
    slowest_seconds = 0.0
    with dial(("127.0.0.1", daemon.port)) as worker:
        at_work = FramePeer(worker)
        assert at_work.ask("uptime").is_success
        try:
            for number in range(FLOOD):
                flood.append(dial(("127.0.0.1", daemon.port)))
                if number % 20 == 0:
                    began_at = time.monotonic()
                    assert at_work.ask("echo still here").is_success
                    slowest_seconds = max(slowest_seconds, time.monotonic() - began_at)
            assert at_work.ask("uptime").is_success
            until(lambda: status(daemon)["turned_away"] >= FLOOD - MOST, "the turning away of the rest")
            assert status(daemon)["connections"] <= MOST + 1
        finally:
            for peer in flood:
                peer.close()
    assert slowest_seconds < 1.0
    wait_until_alone(daemon)
