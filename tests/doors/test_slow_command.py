"""
A slow command stops nobody.

All places are full of `sleep 30`, a peer sends a character a second, and whoever comes new has the answer to
`uptime` at once.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from doorward.core.outcome import SUCCESS
from doorward.core.parameter import Parameter
from doorward.core.settings import Comers, Language, LineSessionKind
from doorward.doors.line import LineDoor
from doorward.doors.line.connection import LineConnection
from doorward.gate.gate import Gate
from doorward.lines.phrases import PHRASES
from doorward.service.portal import Portal
from doorward.stores.passwords import HashCost, PasswordVerifier
from doorward.testing.spawner import FakeChild
from tests.service.house import House, Reader, caller, program

GREETING = PHRASES[Language.ENGLISH].greeting
UPTIME = b" 12:00:00 up 1 day,  1 user,  load average: 0.00, 0.01, 0.05\n"
SLEEP = program("sleep", Parameter(name="seconds"), roles=frozenset({"guest", "operator"}))


class MemoryTransport(asyncio.Transport):
    """
    A transport that keeps what is written.

    Attributes:
        written: all of it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self._is_closing = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Nothing: it has no bounds."""

    def is_closing(self) -> bool:
        return self._is_closing

    def close(self) -> None:
        self._is_closing = True

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("127.0.0.1", 50_000) if name == "peername" else default


class TcpPeer:
    """A peer of the tcp door."""

    def __init__(self, door: LineDoor) -> None:
        self.transport = MemoryTransport()
        self.connection: LineConnection = LineConnection(door)
        self.connection.connection_made(self.transport)

    def send(self, data: bytes) -> None:
        self.connection.data_received(data)

    @property
    def heard(self) -> bytes:
        return self.transport.written


@pytest.fixture
def house() -> House:
    return House(SLEEP)


@pytest.fixture
def connect(house: House) -> Callable[[], TcpPeer]:
    cost = HashCost(memory_kib=8, passes=1, lanes=1)
    verifier = PasswordVerifier(waiting=1, most_bytes=64, workers=1, cost=cost)
    door = LineDoor(
        name="tcp",
        kind=LineSessionKind.ONCE,
        comers=Comers.GUESTS,
        phrases=PHRASES[Language.ENGLISH],
        limits=house.limits,
        clock=house.clock,
        gate=Gate(house.limits, house.clock, audit=house.audit, most=1000, chance=lambda: 0.0),
        portal=Portal(
            [], verifier=verifier, audit=house.audit, clock=house.clock, process_uid=1, checks_per_source=2
        ),
        desk=house.desk,
    )
    return lambda: TcpPeer(door)


def fill_all_places(house: House, connect: Callable[[], TcpPeer]) -> tuple[list[TcpPeer], list[Reader]]:
    guests = [connect() for _ in range(60)]
    for peer in guests:
        peer.send(b"sleep 30\n")
    users = [house.ask(caller(name, roles=["operator"]), "sleep 30") for name in "ab" for _ in range(9)]
    assert (house.runs.places.taken, house.runs.places.waiting) == (32, 32 + 2)
    return guests, users


def only_child(house: House, name: str) -> FakeChild:
    [child] = [each for each in house.spawner.alive if each.launch.argv[0] == f"/usr/bin/{name}"]
    return child


async def test_a_new_peer_has_uptime_at_once_while_all_places_are_full(
    house: House, connect: Callable[[], TcpPeer]
) -> None:
    guests, users = fill_all_places(house, connect)
    slow_typist = connect()
    for second, character in enumerate(b"uptime"):
        slow_typist.send(bytes([character]))
        peer, at = connect(), house.clock.monotonic()
        peer.send(b"uptime\n")
        if second % 2 == 0:  # otherwise the answer of a second ago is fresh
            only_child(house, "uptime").write(UPTIME)
            only_child(house, "uptime").end()
        assert peer.heard == GREETING + UPTIME
        assert peer.transport.is_closing()
        assert house.clock.monotonic() == at
        assert slow_typist.heard == GREETING
        house.clock.advance(1.0 if second % 2 == 0 else 1.001)
    assert all(peer.heard == GREETING for peer in guests if not peer.transport.is_closing())
    assert all(reader.outcome is None for reader in users)
    assert [child.launch.argv[0] for child in house.spawner.alive] == ["/bin/sleep"] * 32
    slow_typist.send(b"\n")
    only_child(house, "uptime").write(UPTIME)
    only_child(house, "uptime").end()
    assert slow_typist.heard == GREETING + UPTIME


async def test_those_in_the_queue_get_their_turn_and_one_beyond_it_is_told_busy_at_once(
    house: House, connect: Callable[[], TcpPeer]
) -> None:
    guests, users = fill_all_places(house, connect)
    assert [peer.heard for peer in guests[48:]] == [GREETING + b"Uh? busy, try again later\n"] * 12
    while house.spawner.alive:
        house.spawner.alive[0].end()
    assert all(peer.heard == GREETING and peer.transport.is_closing() for peer in guests[:48])
    assert [reader.outcome for reader in users] == [SUCCESS] * 18
    assert (house.runs.places.taken, house.runs.places.waiting) == (0, 0)


async def test_df_that_hangs_leaves_uptime_alone(house: House, connect: Callable[[], TcpPeer]) -> None:
    fill_all_places(house, connect)
    for _ in range(5):
        connect().send(b"df\n")
    peer = connect()
    peer.send(b"uptime\n")
    only_child(house, "uptime").write(UPTIME)
    only_child(house, "uptime").end()
    assert peer.heard == GREETING + UPTIME
    assert len([child for child in house.spawner.alive if child.launch.argv[0] == "/usr/bin/df"]) == 1
