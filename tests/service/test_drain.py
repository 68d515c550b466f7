"""The end: who is waited for, who is stopped, and that it has an end."""

import asyncio
from collections.abc import Awaitable

from doorward.core.launch import Signalled
from doorward.core.limits import Limits
from doorward.core.outcome import SUCCESS, Outcome, OutcomeKind
from doorward.testing.spawner import FakeSpawner
from tests.service.house import ALICE, BOB, BOUND_SECONDS, House, program

SLEEP = program("sleep")
BACKUP = program("backup", detach=True)
DRAINED = Outcome(OutcomeKind.CANCELLED, signal=15, reason="the daemon was stopped")


async def begun(waiting: Awaitable[None]) -> "asyncio.Future[None]":
    """`waiting`, as far as it gets by itself."""
    task = asyncio.ensure_future(waiting)  # noqa: TID251 - the test ends it
    for _ in range(3):
        await asyncio.sleep(0)
    return task


async def test_with_nothing_to_wait_for_it_is_over_at_once() -> None:
    house = House(SLEEP)
    await house.runs.drain()
    house.assert_at_rest()


async def test_what_is_read_or_detached_is_waited_for_and_the_rest_is_stopped() -> None:
    house = House(SLEEP, BACKUP)
    read, lingering = house.ask(ALICE, "sleep"), house.child_of(ALICE, "sleep")
    detached = house.child_of(ALICE, "backup")
    draining = await begun(house.runs.drain())
    assert (lingering.stops, detached.stops, draining.done()) == (1, 0, False)
    house.children[0].end()
    assert read.outcome == SUCCESS
    detached.end()
    async with asyncio.timeout(BOUND_SECONDS):
        await draining
    house.assert_at_rest()


async def test_those_who_read_are_told_when_time_is_up() -> None:
    house = House(SLEEP, limits=Limits(drain_seconds=25.0))
    reader = house.ask(ALICE, "sleep")
    draining = await begun(house.runs.drain())
    house.clock.advance(24.9)
    assert not reader.is_over
    house.clock.advance(0.1)
    assert reader.outcome == DRAINED
    async with asyncio.timeout(BOUND_SECONDS):
        await draining
    house.assert_at_rest()


async def test_one_that_is_no_longer_read_is_not_waited_for() -> None:
    house = House(SLEEP)
    reader = house.ask(ALICE, "sleep")
    draining = await begun(house.runs.drain())
    reader.leave()
    async with asyncio.timeout(BOUND_SECONDS):
        await draining
    house.assert_at_rest()


async def test_waiting_runs_that_are_read_get_their_turn() -> None:
    house = House(SLEEP, limits=Limits(runs=1))
    house.ask(ALICE, "sleep")
    waiting = house.ask(BOB, "sleep")
    draining = await begun(house.runs.drain())
    house.children[0].end()
    house.children[1].end()
    assert waiting.outcome == SUCCESS
    async with asyncio.timeout(BOUND_SECONDS):
        await draining


async def test_new_runs_are_refused_and_old_ones_can_be_attached_to() -> None:
    house = House(SLEEP)
    house.ask(ALICE, "sleep")
    draining = await begun(house.runs.drain())
    assert house.ask(BOB, "sleep").outcome == Outcome(OutcomeKind.BUSY, reason="the daemon is being stopped")
    assert house.ask(ALICE, "attach 1").outcome is None
    assert house.ask(ALICE, "whoami").outcome == SUCCESS
    house.child.end()
    async with asyncio.timeout(BOUND_SECONDS):
        await draining


async def test_a_drain_that_is_cut_short_leaves_nothing_due() -> None:
    house = House(SLEEP)
    house.ask(ALICE, "sleep")
    draining = await begun(house.runs.drain())
    draining.cancel()
    await asyncio.wait({draining})
    await house.runs.close()
    house.assert_at_rest()


async def test_closing_stops_everything_and_waits_for_what_ignores_it() -> None:
    house = House(SLEEP, BACKUP, spawner=FakeSpawner(children_end_when_stopped=False), limits=Limits(runs=2))
    readers = [house.ask(ALICE, line) for line in ("sleep", "backup", "sleep")]
    closing = await begun(house.runs.close())
    assert readers[2].outcome == Outcome(OutcomeKind.CANCELLED, reason="the daemon was stopped")
    assert not closing.done()
    for child in house.children:
        assert child.stops == 1
        child.end(Signalled(15))
    async with asyncio.timeout(BOUND_SECONDS):
        await closing
    assert [reader.outcome for reader in readers[:2]] == [DRAINED] * 2
    assert house.spawner.is_closed
    house.assert_at_rest()


async def test_closing_after_a_drain_that_found_nothing_is_over_at_once() -> None:
    house = House()
    await house.runs.drain()
    await house.runs.close()
    assert house.spawner.is_closed
