"""Admission, counting and deadlines, with a clock that stands still."""

import asyncio
import socket

import pytest

from doorward.core.audit import AuditKind
from doorward.core.limits import Limits, PenaltyLimits
from doorward.gate.gate import SWEEP_SECONDS, Gate
from doorward.gate.listeners import listen_tcp
from doorward.gate.origins import origin_of_host, origin_of_uid
from doorward.gate.shares import KEEPER_PLACES
from doorward.testing.audit import MemoryAuditLog
from doorward.testing.clock import ManualClock

FAR = origin_of_host("192.0.2.7")
OTHER = origin_of_host("192.0.2.8")


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
def audit() -> MemoryAuditLog:
    return MemoryAuditLog()


def make_gate(
    clock: ManualClock,
    limits: Limits,
    *,
    audit: MemoryAuditLog | None = None,
    most: int = 1000,
    chance: float = 0.0,
) -> Gate:
    return Gate(limits, clock, audit=audit or MemoryAuditLog(), most=most, chance=lambda: chance)


@pytest.fixture
def gate(clock: ManualClock) -> Gate:
    return make_gate(clock, Limits(connections=2))


def test_visitors_are_numbered_over_all_doors(gate: Gate) -> None:
    doors = ("tcp", "unix", "tcp")
    assert [gate.admit(Visitor(gate), door) for door in doors] == [1, 2, 3]
    assert (gate.visitors, gate.connected) == (3, 3)


def test_a_full_door_turns_away_and_the_other_does_not(gate: Gate) -> None:
    for _ in range(2):
        gate.admit(Visitor(gate), "tcp")
    assert gate.admit(Visitor(gate), "tcp") == 0
    assert gate.admit(Visitor(gate), "unix") == 3
    assert gate.turned_away == {"door full": 1}


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
    gate.replace_limits(Limits(connections=1), most=1000)
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
    gate = make_gate(clock, Limits(stalled_write_seconds=limit_seconds))
    listener = listen_tcp("tcp", "127.0.0.1:0", only_loopback=True)
    await gate.open(listener, asyncio.Protocol)
    option = listener.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
    assert option == option_seconds * 1000
    gate.close()


async def test_probes_of_silent_peers_follow_the_limits_also_when_these_change(clock: ManualClock) -> None:
    gate = make_gate(clock, Limits(keepalive_idle_seconds=7))
    listener = listen_tcp("tcp", "127.0.0.1:0", only_loopback=True)
    await gate.open(listener, asyncio.Protocol)
    assert listener.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 7
    gate.replace_limits(Limits(keepalive_idle_seconds=9), most=1000)
    gate.renew(listener, asyncio.Protocol)
    assert listener.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 9
    assert listener.socket.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
    gate.close()


def test_a_source_has_a_share_and_one_without_a_name_has_all(clock: ManualClock) -> None:
    gate = make_gate(clock, Limits(connections=4, connections_per_source=2))
    one, two = (origin_of_uid(uid, keepers=frozenset({0})) for uid in (1, 2))
    inside = [Visitor(gate) for _ in range(2)]
    assert [gate.admit(each, "unix", one) for each in inside] == [1, 2]
    assert gate.admit(Visitor(gate), "unix", one) == 0
    assert gate.admit(Visitor(gate), "unix", two) == 3
    assert gate.admit(Visitor(gate), "tcp", one) == 4
    gate.release(inside[0])
    assert gate.admit(Visitor(gate), "unix", one) == 5
    assert gate.admit(Visitor(gate), "unix", origin_of_uid(0, keepers=frozenset({0}))) == 6


def test_all_doors_together_leave_descriptors_for_what_else_there_is(clock: ManualClock) -> None:
    gate = make_gate(clock, Limits(), most=2)
    assert [gate.admit(Visitor(gate), door) for door in ("tcp", "unix", "tls")] == [1, 2, 0]
    assert gate.turned_away == {"no descriptors left": 1}


def try_to_log_in(gate: Gate, times: int = 1) -> list[bool]:
    """Fail so often from one far address; whether each was let in to try."""
    let_in = []
    for _ in range(times):
        visitor = Visitor(gate)
        let_in.append(bool(gate.admit(visitor, "tls", FAR, asks_login=True)))
        if let_in[-1]:
            assert gate.may_try(visitor)
            gate.failed("tls", FAR)
            gate.release(visitor)
    return let_in


def test_whoever_fails_to_log_in_is_shut_out_of_all_doors_with_a_login_and_of_no_other(
    clock: ManualClock, audit: MemoryAuditLog
) -> None:
    gate = make_gate(clock, Limits(), audit=audit)
    assert try_to_log_in(gate, 6) == [True, True, True, True, False, False]
    assert not gate.admit(Visitor(gate), "web", FAR, asks_login=True)
    assert gate.admit(Visitor(gate), "unix", FAR)
    assert gate.admit(Visitor(gate), "tls", OTHER, asks_login=True)
    assert gate.shut_out == 1
    (event,) = audit.events
    assert event.kind is AuditKind.REFUSAL
    assert event.details == {"reason": "shut out for 20 s: failed login", "source": "192.0.2.7"}
    clock.advance(20)
    assert gate.shut_out == 0
    assert try_to_log_in(gate) == [True]


def test_a_connection_that_goes_on_trying_may_not_for_ever(clock: ManualClock) -> None:
    gate = make_gate(clock, Limits())
    visitor = Visitor(gate)
    gate.admit(visitor, "ssh", FAR, asks_login=True)
    tries = []
    for _ in range(5):
        tries.append(gate.may_try(visitor))
        gate.failed("ssh", FAR)
    assert tries == [True, True, True, True, False]


def test_a_try_costs_the_same_when_the_peer_leaves_before_it_is_judged(clock: ManualClock) -> None:
    gate = make_gate(clock, Limits())
    for _ in range(4):
        visitor = Visitor(gate)
        assert gate.admit(visitor, "tls", FAR, asks_login=True)
        assert gate.may_try(visitor)
        gate.release(visitor)
        gate.failed("tls", FAR)
    assert not gate.admit(Visitor(gate), "tls", FAR, asks_login=True)


def test_a_try_that_could_not_be_looked_at_costs_nothing(clock: ManualClock) -> None:
    gate = make_gate(clock, Limits(penalties=PenaltyLimits(least_seconds=0), new_burst=100))
    for _ in range(20):
        visitor = Visitor(gate)
        assert gate.admit(visitor, "tls", FAR, asks_login=True)
        assert gate.may_try(visitor)
        gate.release(visitor)
    assert gate.shut_out == 0


def test_loopback_pays_as_one_source_for_wrong_logins_and_for_nothing_else(clock: ManualClock) -> None:
    gate = make_gate(clock, Limits())
    for number in range(100):
        visitor = Visitor(gate)
        assert gate.admit(visitor, "tls", origin_of_host(f"127.0.0.{number}"), asks_login=True)
        gate.release(visitor)
    assert gate.shut_out == 0
    for number in range(4):
        gate.failed("tls", origin_of_host(f"127.0.0.{number}"))
    assert not gate.admit(Visitor(gate), "tls", origin_of_host("127.1.2.3"), asks_login=True)
    assert gate.admit(Visitor(gate), "tls", origin_of_host("::1"), asks_login=True)


def test_a_keeper_finds_a_place_while_everything_is_full(clock: ManualClock) -> None:
    gate = make_gate(clock, Limits(), most=2)
    for _ in range(2):
        gate.admit(Visitor(gate), "tcp")
    assert not gate.admit(Visitor(gate), "tcp")
    keeper = origin_of_uid(0, keepers=frozenset({0}))
    inside = [gate.admit(Visitor(gate), "unix", keeper) for _ in range(KEEPER_PLACES + 1)]
    assert [bool(each) for each in inside] == [True] * KEEPER_PLACES + [False]


def test_a_connection_that_never_tries_costs_a_second_and_one_that_is_late_ten(clock: ManualClock) -> None:
    limits = Limits(not_logged_in_per_source=100, new_burst=100)
    gate = make_gate(clock, limits)
    for _ in range(15):
        visitor = Visitor(gate)
        assert gate.admit(visitor, "tls", FAR, asks_login=True)
        gate.release(visitor)
    assert gate.shut_out == 0
    late = Visitor(gate, clock.monotonic() + 0.5)
    assert gate.admit(late, "tls", FAR, asks_login=True)
    clock.advance(SWEEP_SECONDS)
    assert late.told == ["expire"]
    assert gate.shut_out == 1


def test_a_login_costs_nothing_and_ends_the_wait_for_it(clock: ManualClock) -> None:
    gate = make_gate(clock, Limits(not_logged_in_per_source=1, new_burst=100))
    for _ in range(32):
        visitor = Visitor(gate)
        assert gate.admit(visitor, "tls", FAR, asks_login=True)
        gate.logged_in(visitor)
    assert gate.turned_away == {}
    assert not gate.admit(Visitor(gate), "tls", FAR, asks_login=True)
    assert gate.turned_away == {"source has its share": 1}
    gate.close()
    assert gate.shut_out == 0


def test_connections_that_the_end_of_the_daemon_ends_cost_nothing(
    clock: ManualClock, audit: MemoryAuditLog
) -> None:
    gate = make_gate(clock, Limits(penalties=PenaltyLimits(least_seconds=0)), audit=audit)
    gate.admit(Visitor(gate), "tls", FAR, asks_login=True)
    gate.close()
    assert audit.events == []


def test_what_is_turned_away_is_logged_once_a_second_at_most(
    clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    gate = make_gate(clock, Limits(connections=1))
    gate.admit(Visitor(gate), "tcp")
    for _ in range(1000):
        gate.admit(Visitor(gate), "tcp")
    clock.advance(3 * SWEEP_SECONDS)
    assert [record.message for record in caplog.records] == [
        "turned away 1000 connections; since the start, by reason: door full: 1000"
    ]


async def test_a_listener_that_is_shut_takes_nobody_and_the_other_goes_on(clock: ManualClock) -> None:
    gate = make_gate(clock, Limits())
    first, second = (listen_tcp("tcp", "127.0.0.1:0", only_loopback=True) for _ in range(2))
    for listener in (first, second):
        await gate.open(listener, asyncio.Protocol)
    gate.shut(first)
    assert gate.listeners == (second,)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(*first.name.split(":"))
    _, writer = await asyncio.open_connection(*second.name.split(":"))
    writer.close()
    gate.close()


@pytest.mark.asyncio(loop_factories=["uvloop", "asyncio"])
async def test_new_connections_are_met_by_the_protocol_of_the_day(clock: ManualClock) -> None:
    gate = make_gate(clock, Limits())
    listener = listen_tcp("tcp", "127.0.0.1:0", only_loopback=True)

    class Says(asyncio.Protocol):
        def __init__(self, word: bytes) -> None:
            self._word = word

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            transport.write(self._word)  # type: ignore[attr-defined]
            transport.close()

    async def hear() -> bytes:
        reader, writer = await asyncio.open_connection(*listener.name.split(":"))
        heard = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        return heard

    await gate.open(listener, lambda: Says(b"old"))
    assert await hear() == b"old"
    gate.renew(listener, lambda: Says(b"new"))
    assert await hear() == b"new"
    gate.close()


@pytest.mark.may_block("the test dials what is to be shut")
@pytest.mark.asyncio(loop_factories=["uvloop", "asyncio"])
async def test_an_opening_that_is_cancelled_accepts_nobody(gate: Gate) -> None:
    listener = listen_tcp("tcp", "127.0.0.1:0", only_loopback=True)
    opening = asyncio.get_running_loop().create_task(gate.open(listener, asyncio.Protocol))
    await asyncio.sleep(0)
    # uvloop opens without waiting for anything
    is_through = opening.done()
    opening.cancel()
    await asyncio.wait({opening})
    assert opening.cancelled() is not is_through
    assert gate.listeners == ((listener,) if is_through else ())
    gate.close()
    await asyncio.sleep(0)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(parts_of(listener.name), timeout=10)
    listener.socket.close()


def parts_of(name: str) -> tuple[str, int]:
    host, _, port = name.rpartition(":")
    return host, int(port)
