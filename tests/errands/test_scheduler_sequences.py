"""Whatever happens to a daemon, in whatever order: no time is run twice, and none passed over in silence."""

import asyncio
from dataclasses import replace
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.core.mail import Mail
from doorward.core.outcome import SUCCESS
from doorward.core.schedules import CatchUp, RunResult, Schedule, ScheduleState
from doorward.testing.outbox import MemoryOutbox
from doorward.testing.schedules import MemorySchedules
from tests.errands.scheduler_house import HOUR_SECONDS, HOURLY, House

pytestmark = pytest.mark.may_block("what is logged, pytest writes to a file of its own at once")

PASS = st.tuples(st.just("pass"), st.integers(1, int(1.5 * HOUR_SECONDS)))
END_OR_RELOAD = st.tuples(st.sampled_from(["end", "reload"]), st.just(0))
STOP = st.tuples(st.sampled_from(["crash", "restart"]), st.integers(0, int(5 * HOUR_SECONDS)))


class NotingSchedules(MemorySchedules):
    """
    A store that knows what was ever saved.

    Attributes:
        begun_for: the times for which runs began, as they were noted.
        told: how many times were noted as missed or skipped.
    """

    def __init__(self, outbox: MemoryOutbox) -> None:
        super().__init__(outbox)
        self.begun_for: list[float] = []
        self.told = 0

    async def save(self, state: ScheduleState, mail: Mail | None = None) -> None:
        before = self.states.get(state.name)
        await super().save(state, mail)
        is_begun = state.is_under_way and (before is None or before.began_at != state.began_at)
        known = 0 if before is None or is_begun else before.missed + before.skipped
        self.told += state.missed + state.skipped - known
        if is_begun and state.due_at is not None:
            self.begun_for.append(state.due_at)


async def play(steps: list[tuple[str, int]], schedule: Schedule) -> None:
    house = House()
    house.store = noting = NotingSchedules(house.outbox)
    first_at = house.clock.wall() + HOUR_SECONDS
    await house.begin(schedule)
    # one that dies before it noted anything begins anew
    await house.settle()
    for what, seconds in [*steps, ("restart", 0)]:
        match what:
            case "pass":
                await house.pass_time(seconds)
            case "end":
                if house.runs.under_way:
                    house.runs.end("hourly", RunResult(outcome=SUCCESS))
            case "reload":
                house.scheduler.replace([schedule], UTC)
            case "crash":
                await house.crash()
            case _:
                await house.end()
        if what in {"crash", "restart"}:
            house.clock.advance(seconds)
            await house.begin(schedule)
        await house.settle()
    await house.end()
    state = noting.states["hourly"]
    assert not state.is_under_way
    # each once, and in order
    assert noting.begun_for == sorted(set(noting.begun_for))
    assert len(house.runs.begun) == len(noting.begun_for)
    assert len(noting.begun_for) + noting.told == round((state.next_at - first_at) / HOUR_SECONDS)


@given(
    steps=st.lists(st.one_of(PASS, PASS, END_OR_RELOAD, STOP), max_size=20), catch_up=st.sampled_from(CatchUp)
)
def test_every_time_is_run_once_or_told_of(steps: list[tuple[str, int]], catch_up: CatchUp) -> None:
    asyncio.run(play(steps, replace(HOURLY, catch_up=catch_up)))
