"""Connections by the hundred while somebody works: they notice nothing, and the daemon recovers."""

import socket

import pytest

from tests.attacks.conftest import Attacked
from tests.attacks.tls_bytes import client_hello
from tests.attacks.worker import at_work
from tests.doors.daemon import Daemon, until
from tests.doors.peers import (
    dial,
    raw_address_of,
    status,
    wait_until_alone,
)

MIB = 1024 * 1024
FLOOD = 500
MOST = 200
MOST_BEFORE_LOGIN = 100
"""`not_logged_in` as it is shipped."""


@pytest.mark.parametrize(
    ("door", "most", "reason"),
    [("tcp", MOST, "door full"), ("tls", MOST_BEFORE_LOGIN, "too many before their login")],
)
def test_a_client_who_works_goes_on(attacked: Attacked, door: str, most: int, reason: str) -> None:
    daemon = attacked(f"[limits]\nconnections = {MOST}\n", session="keep")
    first_word = client_hello() if door == "tls" else b""
    flood: list[socket.socket] = []
    with at_work(daemon, door) as worker:
        before_bytes = daemon.forget_peak_memory()
        try:
            for number in range(FLOOD):
                flood.append(dial(raw_address_of(daemon, door)))
                send_if_let_in(flood[-1], first_word)
                if number % 10 == 0:
                    worker.work()
            until(
                lambda: status(daemon)["turned_away"].get(reason, 0) >= FLOOD - most,
                "the turning away of the rest",
            )
            assert b"load average" in worker.work("uptime")
            assert status(daemon)["connections"] <= most + 2
        finally:
            for peer in flood:
                peer.close()
        with at_work(daemon, door) as another:
            another.work()
        assert worker.slowest_seconds < 1.0
    assert daemon.memory_bytes("VmHWM") - before_bytes < 25 * MIB
    wait_until_alone(daemon)


def send_if_let_in(peer: socket.socket, data: bytes) -> None:
    try:
        peer.sendall(data)
    except ConnectionError:
        return


def came(daemon: Daemon) -> tuple[int, int]:
    """How many are inside beside the one who asks, and how many were turned away before their login."""
    now = status(daemon)
    return now["connections"] - 1, now["turned_away"].get("too many before their login", 0)


def test_the_more_wait_for_their_login_the_more_are_turned_away(attacked: Attacked) -> None:
    daemon = attacked()
    waiting: list[socket.socket] = []
    try:
        waiting.extend(dial(raw_address_of(daemon, "tls")) for _ in range(10))
        until(lambda: status(daemon)["connections"] == 11, "the ten, and the one who asks")
        assert status(daemon)["turned_away"] == {}
        # MaxStartups 10:30:100: three of ten at first, and all from the hundredth on
        waiting.extend(dial(raw_address_of(daemon, "tls")) for _ in range(50))
        until(lambda: sum(came(daemon)) == len(waiting), "all of them")
        inside, turned_away = came(daemon)
        assert inside > 10
        assert turned_away > 0
    finally:
        for peer in waiting:
            peer.close()
