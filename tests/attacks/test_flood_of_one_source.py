"""One source that comes and comes: it has its share and no more, and what it does keeps out nobody else."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest

from tests.attacks.conftest import Attacked
from tests.attacks.networks import NEIGHBOURS, SERVER, SERVER_IPV6, SOURCES, STRANGER, Network
from tests.doors.daemon import Daemon, until
from tests.doors.peers import (
    GREETING,
    address_of,
    dial,
    hears_the_end,
    raw_address_of,
    receive_until,
    status,
)
from tests.doors.tls_peers import LOGIN, TLS, TlsAddress

pytestmark = pytest.mark.needs_program("ip", package="iproute2")

GREEDY, MODEST, *_ = SOURCES
OUTSIDE = TLS.replace('"127.0.0.1:0"', f'"{SERVER}:0", "[{SERVER_IPV6}]:0"')
UNHURRIED = "new_per_second = 1000\nnew_burst = 1000\n"
NOT_LOGGED_IN, CONNECTIONS, BURST, PER_SECOND = 10, 32, 10, 10
"""The share of a source as it is shipped, `not_logged_in_per_source` first."""


class Outside:
    """Peers who come to the tls door of a daemon from the other namespace."""

    def __init__(self, daemon: Daemon, network: Network, stack: ExitStack) -> None:
        self.daemon, self._network, self._stack = daemon, network, stack

    def knock(self, source: str) -> socket.socket:
        """A connection that says nothing."""
        index, host = (1, SERVER_IPV6) if ":" in source else (0, SERVER)
        port = int(self.daemon.doors["tls"][index].rpartition(":")[2])
        with self._network.from_outside():
            return self._stack.enter_context(dial((host, port), source=source))

    def enter(self, source: str) -> socket.socket:
        """One who has logged in and was greeted."""
        address = address_of(self.daemon, "tls")
        assert isinstance(address, TlsAddress)
        with self._network.from_outside():
            peer = self._stack.enter_context(dial(replace(address, host=SERVER), source=source))
        peer.sendall(LOGIN)
        receive_until(peer, GREETING)
        return peer

    def turned_away(self, reason: str, times: int) -> None:
        """Wait until as many were turned away for this reason, and see that none was for another."""
        until(lambda: status(self.daemon)["turned_away"].get(reason) == times, f"{times} times: {reason}")
        assert set(status(self.daemon)["turned_away"]) == {reason}


OutsideMaker = Callable[[str], Outside]


@pytest.fixture
def outside(attacked: Attacked, network: Network) -> Iterator[OutsideMaker]:
    """`outside(limits)`: a daemon that is reached over a link; chance turns nobody away."""
    with ExitStack() as stack:

        def begin(limits: str) -> Outside:
            further = f"[limits]\nearly_refusals_from = 100\n{limits}"
            daemon = attacked(further, session="keep", tls=OUTSIDE, below=network.below)
            return Outside(daemon, network, stack)

        yield begin


def test_ten_before_their_login_are_its_share(outside: OutsideMaker) -> None:
    door = outside(UNHURRIED)
    peers = [door.knock(GREEDY) for _ in range(NOT_LOGGED_IN + 3)]
    door.turned_away("source has its share", 3)
    assert all(hears_the_end(late) for late in peers[NOT_LOGGED_IN:])
    peers[0].close()
    until(lambda: status(door.daemon)["connections"] == NOT_LOGGED_IN, "the end of one of them")
    door.knock(GREEDY)
    door.enter(MODEST)
    door.turned_away("source has its share", 3)


def test_32_that_are_logged_in_are_its_share(outside: OutsideMaker) -> None:
    door = outside(UNHURRIED)
    for _ in range(CONNECTIONS):
        door.enter(GREEDY)
    assert hears_the_end(door.knock(GREEDY))
    door.turned_away("source has its share", 1)
    door.enter(MODEST)
    assert status(door.daemon)["connections"] == CONNECTIONS + 2


def test_ten_a_second_are_its_share(outside: OutsideMaker) -> None:
    door = outside("not_logged_in_per_source = 1000\nnot_logged_in = 1000\n")
    began_at = time.monotonic()
    knocks = 60
    for _ in range(knocks):
        door.knock(GREEDY)
    most = BURST + (time.monotonic() - began_at) * PER_SECOND + 1
    door.enter(MODEST)
    until(lambda: sum(came(door.daemon)) == knocks, "all of them")
    inside, too_often = came(door.daemon)
    assert BURST <= inside <= most
    assert too_often > 0


def came(daemon: Daemon) -> tuple[int, int]:
    """How many are inside beside the modest one and the one who asks, and how many came too often."""
    now = status(daemon)
    return now["connections"] - 2, now["turned_away"].get("source comes too often", 0)


def test_a_network_of_64_bits_is_one_source(outside: OutsideMaker) -> None:
    door = outside(UNHURRIED)
    for number in range(NOT_LOGGED_IN):
        door.knock(NEIGHBOURS[number % 2])
    for neighbour in NEIGHBOURS:
        assert hears_the_end(door.knock(neighbour))
    door.turned_away("source has its share", 2)
    door.knock(STRANGER)
    until(lambda: status(door.daemon)["connections"] == NOT_LOGGED_IN + 2, "the stranger")
    door.turned_away("source has its share", 2)


def test_loopback_has_no_share(attacked: Attacked) -> None:
    daemon = attacked("[limits]\nearly_refusals_from = 100\n")
    many = CONNECTIONS + 8
    with ExitStack() as stack:
        for _ in range(many):
            stack.enter_context(dial(raw_address_of(daemon, "tls")))
        until(lambda: status(daemon)["connections"] == many + 1, "all of them")
        assert status(daemon)["turned_away"] == {}
