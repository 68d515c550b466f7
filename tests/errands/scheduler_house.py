"""A scheduler in the hands of a test: what outlives a daemon, and daemons that come and go."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC

from doorward.core.errors import MailError, StateError
from doorward.core.limits import Limits
from doorward.core.mail import Mail
from doorward.core.outcome import Outcome, OutcomeKind
from doorward.core.schedules import Every, RunResult, Schedule, ScheduleState
from doorward.errands.scheduler import LOOK_SECONDS, Scheduler
from doorward.testing.clock import ManualClock
from doorward.testing.outbox import MemoryOutbox
from doorward.testing.schedules import HeldRuns, MemorySchedules

BOUND_SECONDS = 20.0
HOUR_SECONDS = 3600.0
HOURLY = Schedule(name="hourly", command="df", line="df", timing=Every(3600))


def mail_of(schedule: Schedule, state: ScheduleState, result: RunResult) -> Mail:
    if not schedule.command:
        raise MailError("there is nobody to send this to")
    if schedule.name == "raises":
        raise KeyError(schedule.name)
    said = f"{schedule.name} {result.outcome.kind.value} {state.missed}".encode()
    return Mail(sender="", recipients=("bob@x",), message_id=f"<{state.began_at}@x>", content=said)


class House:
    """What outlives a daemon, and the daemon of the moment."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.outbox = MemoryOutbox(self.clock, Limits())
        self.store = MemorySchedules(self.outbox)
        self.runs = HeldRuns()
        self.scheduler = self._made()

    def _made(self) -> Scheduler:
        return Scheduler(clock=self.clock, store=self.store, runs=self.runs, compose=mail_of)

    @asynccontextmanager
    async def daemon(self, *schedules: Schedule) -> AsyncIterator[Scheduler]:
        """One that ends in good order."""
        await self.begin(*schedules)
        try:
            yield self.scheduler
        finally:
            await self.end()

    async def begin(self, *schedules: Schedule) -> None:
        """Have a new daemon there."""
        self.scheduler = self._made()
        await self.scheduler.open()
        self.scheduler.replace(schedules, UTC)

    async def end(self) -> None:
        """End it in good order, with all that runs."""
        self.scheduler.stop()
        for name in {*self.runs.under_way}:
            self.runs.end(name, RunResult(outcome=Outcome(OutcomeKind.CANCELLED)))
        await self.scheduler.close()

    async def crash(self) -> None:
        """The daemon is gone, without a word."""
        self.store.failure = StateError("the process is dead")
        self.scheduler.stop()
        self.runs.under_way.clear()
        for task in self.scheduler._tasks:
            task.cancel()
        await asyncio.gather(*self.scheduler._tasks, return_exceptions=True)
        self.store.failure = None

    async def pass_time(self, seconds: float) -> None:
        """Let time pass, in steps as short as those in which the daemon looks."""
        while seconds > 0:
            step = min(seconds, LOOK_SECONDS)
            self.clock.advance(step)
            seconds -= step
            await self.settle()

    async def settle(self) -> None:
        """Let all that can go on go on: what is saved in memory takes no time."""
        for _ in range(5):
            await asyncio.sleep(0)

    async def until(self, holds: Callable[[], object]) -> None:
        async with asyncio.timeout(BOUND_SECONDS):
            while not holds():  # noqa: ASYNC110 - the mail is made in a thread, which tells nobody
                await asyncio.sleep(0.001)

    def said(self) -> list[str]:
        return [mail.content.decode() for mail in self.outbox.put_mails]

    def facts(self, name: str = "hourly") -> dict[str, object]:
        [found] = [each for each in self.scheduler.report() if each["schedule"] == name]
        return found
