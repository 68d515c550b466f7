"""Schedules in the hands of a test: a store that forgets nothing, and runs that end when the test says so."""

import asyncio
from collections.abc import Collection, Mapping

from doorward.core.errors import StateError
from doorward.core.mail import Mail
from doorward.core.schedules import RunResult, Schedule, ScheduleState
from doorward.testing.outbox import MemoryOutbox


class MemorySchedules:
    """
    A `ScheduleStore` that puts its mail into `outbox`.

    Attributes:
        states: what is known, by name.
        failure: raised by all that writes while it is set.
    """

    def __init__(self, outbox: MemoryOutbox) -> None:
        self.states: dict[str, ScheduleState] = {}
        self.failure: StateError | None = None
        self._outbox = outbox

    async def load(self) -> Mapping[str, ScheduleState]:
        return dict(self.states)

    async def save(self, state: ScheduleState, mail: Mail | None = None) -> None:
        self._check()
        if mail is not None:
            await self._outbox.put(mail)
        self.states[state.name] = state

    async def forget(self, names: Collection[str]) -> None:
        self._check()
        for name in names:
            self.states.pop(name, None)

    def _check(self) -> None:
        if self.failure is not None:
            raise self.failure


class HeldRuns:
    """
    `ScheduledRuns` of which each goes on until the test ends it.

    Attributes:
        begun: the names of all schedules that were run, in order.
        under_way: what those that go on wait for, by name.
    """

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.under_way: dict[str, asyncio.Future[RunResult]] = {}

    async def run(self, schedule: Schedule) -> RunResult:
        self.begun.append(schedule.name)
        ended: asyncio.Future[RunResult] = asyncio.get_running_loop().create_future()
        self.under_way[schedule.name] = ended
        return await ended

    def end(self, name: str, result: RunResult) -> None:
        """
        Have the run of this schedule end so.

        Raises:
            KeyError: none is under way.
        """
        self.under_way.pop(name).set_result(result)
