"""Admission, counting and deadlines, with a clock that stands still."""

import asyncio
import socket

import pytest

from doorward.core.limits import Limits
from doorward.gate.gate import SWEEP_SECONDS, Gate
from doorward.gate.listeners import listen_tcp
from doorward.testing.clock import ManualClock


class Visitor:
    """
    A connection as the gate sees it, which notes what it is told.

    Attributes:
        told: `expire`, `finish` and `close`, in order.
    """

    def __init__(self, gate: Gate, deadline_at: float | None = None) -> None:
        self.deadline_at = deadline_at
        self.told: list[str] = []
        self._gate = gate

    def expire(self) -> None:
        self.told.append("expire")
        self._gate.release(self)

    def finish(self) -> None:
        self.told.append("finish")

    def close(self) -> None:
        self.told.append("close")
        self._gate.release(self)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def gate(clock: ManualClock) -> Gate:
    return Gate(Limits(connections=2), clock)


def test_visitors_are_numbered_over_all_doors(gate: Gate) -> None:
    doors = ("tcp", "unix", "tcp")
    assert [gate.admit(Visitor(gate), door) for door in doors] == [1, 2, 3]
    assert (gate.visitors, gate.connected) == (3, 3)


def test_a_full_door_turns_away_and_the_other_does_not(gate: Gate) -> None:
    for _ in range(2):
        gate.admit(Visitor(gate), "tcp")
    assert gate.admit(Visitor(gate), "tcp") == 0
    assert gate.admit(Visitor(gate), "unix") == 3
    assert gate.turned_away == 1


def test_who_leaves_makes_room_once(gate: Gate) -> None:
    first, second = Visitor(gate), Visitor(gate)
    gate.admit(first, "tcp")
    gate.admit(second, "tcp")
    for _ in range(3):
        gate.release(first)
    assert gate.connected == 1
    assert gate.admit(Visitor(gate), "tcp")
    assert not gate.admit(Visitor(gate), "tcp")


def test_one_that_was_turned_away_takes_nobodys_place_when_it_leaves(gate: Gate) -> None:
    for _ in range(2):
        gate.admit(Visitor(gate), "tcp")
    turned_away = Visitor(gate)
    assert not gate.admit(turned_away, "tcp")
    gate.release(turned_away)
    assert gate.connected == 2
    assert not gate.admit(Visitor(gate), "tcp")


def test_a_deadline_holds_to_within_a_sweep(gate: Gate, clock: ManualClock) -> None:
    late = Visitor(gate, clock.monotonic() + 10)
    patient = Visitor(gate)
    gate.admit(late, "tcp")
    gate.admit(patient, "tcp")
    clock.advance(10 - SWEEP_SECONDS)
    assert late.told == []
    clock.advance(2 * SWEEP_SECONDS)
    assert late.told == ["expire"]
    clock.advance(10_000)
    assert patient.told == []


def test_a_jump_of_the_wall_clock_ends_nobody(gate: Gate, clock: ManualClock) -> None:
    visitor = Visitor(gate, clock.monotonic() + 10)
    gate.admit(visitor, "tcp")
    clock.jump(1_000_000)
    clock.advance(5)
    assert visitor.told == []


def test_fewer_connections_than_there_are_admit_nobody_and_end_nobody(gate: Gate) -> None:
    visitors = [Visitor(gate), Visitor(gate)]
    for visitor in visitors:
        gate.admit(visitor, "tcp")
    gate.replace_limits(Limits(connections=1))
    assert not gate.admit(Visitor(gate), "tcp")
    gate.release(visitors[0])
    assert not gate.admit(Visitor(gate), "tcp")
    gate.release(visitors[1])
    assert gate.admit(Visitor(gate), "tcp")
    assert [visitor.told for visitor in visitors] == [[], []]


def test_a_gate_that_stops_admits_nobody_and_closes_in_the_end(gate: Gate, clock: ManualClock) -> None:
    inside = Visitor(gate)
    gate.admit(inside, "tcp")
    gate.stop_accepting()
    assert not gate.admit(Visitor(gate), "tcp")
    assert inside.told == []
    gate.close()
    assert inside.told == ["close"]
    assert gate.connected == 0
    assert clock.scheduled == 0


async def test_a_drain_ends_when_the_last_has_left(gate: Gate) -> None:
    visitors = [Visitor(gate), Visitor(gate)]
    for visitor in visitors:
        gate.admit(visitor, "tcp")
    loop = asyncio.get_running_loop()
    loop.call_later(0.005, gate.release, visitors[0])
    loop.call_later(0.01, gate.release, visitors[1])
    await asyncio.wait_for(gate.drain(60), 10)
    assert gate.connected == 0
    assert [visitor.told for visitor in visitors] == [["finish"], ["finish"]]
    assert not gate.admit(Visitor(gate), "tcp")


async def test_a_drain_waits_no_longer_than_it_may(gate: Gate) -> None:
    visitor = Visitor(gate)
    gate.admit(visitor, "tcp")
    await asyncio.wait_for(gate.drain(0.01), 10)
    assert gate.connected == 1
    gate.close()
    assert visitor.told == ["finish", "close"]


async def test_a_drain_of_an_empty_gate_is_over_at_once(gate: Gate) -> None:
    await gate.drain(60)


def test_one_that_cannot_be_ended_keeps_no_other_from_it(
    gate: Gate, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Visitor):
        def expire(self) -> None:
            raise OSError("its socket is gone")

    broken, late, later = Broken(gate, deadline_at=0.0), Visitor(gate, deadline_at=0.0), Visitor(gate)
    gate.admit(broken, "tcp")
    gate.admit(late, "tcp")
    clock.advance(SWEEP_SECONDS)
    assert late.told == ["expire"]
    gate.admit(later, "unix")
    later.deadline_at = clock.monotonic()
    clock.advance(SWEEP_SECONDS)
    assert later.told == ["expire"]
    assert "could not be ended" in caplog.text


@pytest.mark.parametrize(("limit_seconds", "option_seconds"), [(2.0, 30), (300.0, 300)])
async def test_a_stalled_reader_has_the_time_that_the_limits_give(
    clock: ManualClock, limit_seconds: float, option_seconds: int
) -> None:
    gate = Gate(Limits(stalled_write_seconds=limit_seconds), clock)
    listener = listen_tcp("tcp", "127.0.0.1:0", only_loopback=True)
    await gate.open(listener, asyncio.Protocol)
    option = listener.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
    assert option == option_seconds * 1000
    gate.close()


def test_a_source_has_a_share_and_one_without_a_name_has_all(clock: ManualClock) -> None:
    gate = Gate(Limits(connections=4, connections_per_source=2), clock)
    inside = [Visitor(gate) for _ in range(2)]
    assert [gate.admit(each, "unix", source="uid 1") for each in inside] == [1, 2]
    assert gate.admit(Visitor(gate), "unix", source="uid 1") == 0
    assert gate.admit(Visitor(gate), "unix", source="uid 2") == 3
    assert gate.admit(Visitor(gate), "tcp", source="uid 1") == 4
    gate.release(inside[0])
    assert gate.admit(Visitor(gate), "unix", source="uid 1") == 5
    assert gate.admit(Visitor(gate), "unix") == 6
