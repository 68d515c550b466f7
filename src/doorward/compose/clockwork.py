"""The daemon's schedules: nothing is brought in or opened until the configuration has one."""

import asyncio
import os
from typing import TYPE_CHECKING

from doorward.compose.mail_watch import MailWatch
from doorward.core.settings import Settings
from doorward.service.desk import Desk
from doorward.stores.clock import SystemClock

if TYPE_CHECKING:
    from datetime import tzinfo

    from doorward.compose.errand_going import ErrandGoing
    from doorward.core.mail import Mail
    from doorward.core.schedules import RunResult, Schedule, ScheduleState
    from doorward.errands.scheduler import Scheduler
    from doorward.stores.database import Database


class Clockwork:
    """
    Runs by the clock.

    Args:
        mail: has the database, in which schedules are kept beside the outbox.
        desk: where they run.
        clock: of this process.
        settings: those that count until `renew`.
    """

    def __init__(self, mail: MailWatch, desk: Desk, clock: SystemClock, settings: Settings) -> None:
        self._mail = mail
        self._desk = desk
        self._clock = clock
        self._settings = settings
        self._scheduler: Scheduler | None = None
        self._going: ErrandGoing | None = None
        self._zone: tzinfo | None = None

    async def prepare(self, settings: Settings) -> None:
        """
        Have ready what the schedules of `settings` need, if there are any.

        Raises:
            StateError, TrustError: the database cannot be used.
        """
        if not settings.schedules and not settings.errands:
            return
        # the keeper may have moved; what they import takes its time, and no loop waits for it here
        self._zone = await asyncio.to_thread(_local_zone)
        if self._scheduler is None:
            room = await self._mail.room()
            scheduler = await asyncio.to_thread(self._made, room.database)
            await scheduler.open()
            self._scheduler = scheduler

    def renew(self, settings: Settings) -> None:
        """Have the schedules of `settings` count, which were prepared."""
        self._settings = settings
        if self._scheduler is not None and self._zone is not None:
            from doorward.errands.errand_schedules import errand_schedules

            schedules = (*settings.schedules.values(), *errand_schedules(settings.errands.values()))
            self._scheduler.replace(schedules, self._zone)

    def report(self) -> list[dict[str, object]]:
        """All schedules, for JSON."""
        return [] if self._scheduler is None else self._scheduler.report()

    def stop(self) -> None:
        """Begin nothing any more, and end what would not be ended by the end of runs."""
        if self._scheduler is not None:
            self._scheduler.stop()
        if self._going is not None:
            self._going.stop()

    async def close(self) -> None:
        """Have it noted how runs ended; idempotent."""
        if self._scheduler is not None:
            await self._scheduler.close()

    def _made(self, database: "Database") -> "Scheduler":
        from doorward.compose.errand_going import ErrandGoing
        from doorward.compose.errand_runs import ErrandRuns
        from doorward.errands.scheduler import Scheduler
        from doorward.service.scheduled import DeskRuns
        from doorward.stores.schedules import SqliteSchedules

        store = SqliteSchedules(database, clock=self._clock, limits=lambda: self._settings.limits)
        going = self._going = ErrandGoing(database, self._clock, lambda: self._settings)
        runs = ErrandRuns(DeskRuns(self._desk), going, lambda: self._settings.errands)
        return Scheduler(clock=self._clock, store=store, runs=runs, compose=self._compose)

    def _compose(self, schedule: "Schedule", state: "ScheduleState", result: "RunResult") -> "Mail":
        from doorward.compose.composed import compose_now
        from doorward.errands.run_mail import run_draft

        draft = run_draft(schedule, state, result, host=os.uname().nodename)
        return compose_now(draft, self._settings.mail, wall_seconds=self._clock.wall())


def _local_zone() -> "tzinfo":
    from doorward.config.local_zone import local_zone

    return local_zone(os.environ)
