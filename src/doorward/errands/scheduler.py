"""Runs commands by the clock: each time once, and none that is passed over in silence."""

import asyncio
import hashlib
import logging
from collections.abc import Coroutine, Iterable
from dataclasses import replace
from datetime import tzinfo

from doorward.core.counts import times
from doorward.core.errors import DoorwardError, StateError, fault_of
from doorward.core.mail import Mail
from doorward.core.outcome import Outcome, OutcomeKind, outcome_members
from doorward.core.ports import Clock, ScheduledRuns, ScheduleStore, Timer
from doorward.core.schedules import INTERRUPTED, RunResult, Schedule, ScheduleState, wants_mail
from doorward.core.timing import Due, first_at, judge_time
from doorward.errands.run_mail import RunMail, describe
from doorward.errands.schedule_report import schedule_members

_log = logging.getLogger("doorward.schedules")

LOOK_SECONDS = 30.0
"""The wall clock is looked at this often at least: it jumps, and a machine that slept has lost time."""

_END_SECONDS = 10.0


class Scheduler:
    """
    Begins the runs that are due, and notes and mails how they end.

    That a run begins is on disk before it does, with the time when the next is due: whatever happens then, it
    is not begun again, and is told of. What cannot be noted does not run.

    Args:
        clock: of the daemon.
        store: keeps how far each schedule is.
        runs: where they run.
        compose: makes the mail about a run; called in a thread.
    """

    def __init__(self, *, clock: Clock, store: ScheduleStore, runs: ScheduledRuns, compose: RunMail) -> None:
        self._clock = clock
        self._store = store
        self._runs = runs
        self._compose = compose
        self._zone: tzinfo | None = None
        self._schedules: dict[str, Schedule] = {}
        self._states: dict[str, ScheduleState] = {}
        self._running: set[str] = set()
        self._tasks: dict[asyncio.Task[None], str] = {}
        self._timer: Timer | None = None
        self._has_stopped = False

    async def open(self) -> None:
        """
        Read how far all schedules are.

        Raises:
            StateError: that cannot be read.
        """
        self._states = dict(await self._store.load())

    def replace(self, schedules: Iterable[Schedule], zone: tzinfo) -> None:
        """
        Keep these schedules from now on; what runs goes on.

        One that is known goes on where it was. One that is new, or has another timing than before, is due
        after its first period, or at its next time.

        Args:
            schedules: all of them, each with a name of its own.
            zone: of the local clock.
        """
        self._zone = zone
        before, self._schedules = self._schedules, {schedule.name: schedule for schedule in schedules}
        now = self._clock.wall()
        for schedule in self._schedules.values():
            self._take_up(schedule, now, zone, is_new=schedule.name not in before)
        self._forget_others()
        self._look()

    def report(self) -> list[dict[str, object]]:
        """All schedules by name, for JSON."""
        return [
            schedule_members(schedule, self._states[name], is_running=name in self._running)
            for name, schedule in sorted(self._schedules.items())
        ]

    def stop(self) -> None:
        """Begin nothing any more; what runs goes on. Idempotent."""
        self._has_stopped = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def close(self) -> None:
        """Stop, and let runs that ended be noted; what goes on after 10 s all the same is left."""
        self.stop()
        if self._tasks:
            _, left = await asyncio.wait([*self._tasks], timeout=_END_SECONDS)
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    # Times

    def _take_up(self, schedule: Schedule, now: float, zone: tzinfo, *, is_new: bool) -> None:
        state, timing = self._states.get(schedule.name), str(schedule.timing)
        if state is None or state.timing != timing:
            next_at = first_at(schedule.timing, now=now, zone=zone)
            known = state or ScheduleState(name=schedule.name, timing=timing, next_at=next_at)
            self._states[schedule.name] = replace(known, timing=timing, next_at=next_at)
            self._spawn(self._save(schedule.name), schedule.name)
        if is_new and self._states[schedule.name].is_under_way and schedule.name not in self._running:
            _log.error("%s: the run before was cut by the end of the daemon", schedule.name)
            self._spawn(self._settle(schedule, RunResult(outcome=INTERRUPTED)), schedule.name)

    def _forget_others(self) -> None:
        kept = {*self._schedules, *self._tasks.values()}
        gone = [name for name in self._states if name not in kept]
        for name in gone:
            del self._states[name]
        if gone:
            self._spawn(self._forget(gone), "")

    def _look(self) -> None:
        """Begin what is due, and look again when the next is."""
        if self._has_stopped or self._zone is None:
            return
        now, zone = self._clock.wall(), self._zone
        try:
            for schedule in self._schedules.values():
                next_at = self._states[schedule.name].next_at
                due = judge_time(schedule.timing, next_at, now=now, zone=zone, catch_up=schedule.catch_up)
                if due is not None:
                    self._keep(schedule, due, now)
        finally:
            # whatever a clock may say that no calendar has
            self._arm(now)

    def _arm(self, now: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._schedules:
            next_at = min(self._states[name].next_at for name in self._schedules)
            delay_seconds = min(max(next_at - now, 0.0), LOOK_SECONDS)
            self._timer = self._clock.call_later(delay_seconds, self._look)

    def _keep(self, schedule: Schedule, due: Due, now: float) -> None:
        name = schedule.name
        state = self._states[name]
        if due.missed:
            _log.warning("%s: missed %s, as nobody was there", name, times(due.missed))
        passed = replace(state, next_at=due.next_at, missed=state.missed + due.missed)
        if not due.runs:
            self._states[name] = passed
            self._spawn(self._save(name), name)
        elif name in self._running:
            _log.warning("%s: skipped, as the run before is still under way", name)
            self._states[name] = replace(passed, skipped=state.skipped + 1)
            self._spawn(self._save(name), name)
        else:
            # counted since the run before this one began
            self._states[name] = replace(
                passed,
                due_at=state.next_at,
                began_at=now,
                ended_at=None,
                missed=due.missed,
                skipped=0,
                trouble="",
            )
            self._running.add(name)
            self._spawn(self._carry_out(schedule, state), name)

    # Runs

    async def _carry_out(self, schedule: Schedule, before: ScheduleState) -> None:
        name = schedule.name
        try:
            if await self._note_beginning(name, before):
                result = await self._result(schedule)
                await self._settle(schedule, result)
        finally:
            self._running.discard(name)

    async def _result(self, schedule: Schedule) -> RunResult:
        try:
            return await self._runs.run(schedule)
        except Exception as error:  # noqa: BLE001 - logged, and told as every run that failed
            _log.exception("%s failed, which is a fault of the program itself", schedule.name)
            return RunResult(outcome=Outcome(OutcomeKind.FAILED, reason=fault_of(error)))

    async def _note_beginning(self, name: str, before: ScheduleState) -> bool:
        """Note that a run begins; otherwise it did not, and its time was missed."""
        try:
            await self._store.save(self._states[name])
        except StateError as error:
            now = self._states[name]
            self._states[name] = replace(
                before, next_at=now.next_at, missed=before.missed + now.missed + 1, skipped=now.skipped
            )
            self._trouble(name, f"not run, as its beginning could not be noted: {error}")
            return False
        return True

    def _settle(self, schedule: Schedule, result: RunResult) -> Coroutine[None, None, None]:
        """Note here and now how a run ended; what is returned brings it to the disk, with the mail."""
        name, digest = schedule.name, result_hash(result)
        before = self._states[name]
        state = replace(
            before, ended_at=self._clock.wall(), outcome=result.outcome, digest=digest, trouble=""
        )
        self._states[name] = state
        level = logging.INFO if result.outcome.is_success else logging.WARNING
        _log.log(level, "%s: run %d ended: %s", name, result.run, describe(result.outcome))
        is_mailed = wants_mail(schedule.mail, result.outcome, digest=digest, digest_before=before.digest)
        return self._tell(schedule, state, result, is_mailed=is_mailed, digest_before=before.digest)

    async def _tell(
        self,
        schedule: Schedule,
        state: ScheduleState,
        result: RunResult,
        *,
        is_mailed: bool,
        digest_before: str,
    ) -> None:
        mail = await self._composed(schedule, state, result) if is_mailed else None
        if is_mailed and mail is None:
            self._keep_untold(schedule.name, digest_before)
        await self._save(schedule.name, mail, digest_before)

    async def _composed(self, schedule: Schedule, state: ScheduleState, result: RunResult) -> Mail | None:
        try:
            return await asyncio.to_thread(self._compose, schedule, state, result)
        except DoorwardError as error:
            self._trouble(schedule.name, f"its mail could not be made: {error}")
        except Exception as error:  # noqa: BLE001 - logged; that the run ended is noted all the same
            _log.exception("%s: its mail could not be made", schedule.name)
            self._trouble(schedule.name, f"its mail could not be made: {fault_of(error)}")
        return None

    # The store

    async def _save(self, name: str, mail: Mail | None = None, digest_before: str = "") -> None:
        try:
            await self._store.save(self._states[name], mail)
        except StateError as error:
            what = "its mail could not be queued" if mail is not None else "how far it is could not be noted"
            self._trouble(name, f"{what}: {error}")
            if mail is not None:
                self._keep_untold(name, digest_before)
                await self._save(name)

    def _keep_untold(self, name: str, digest_before: str) -> None:
        """Have what nobody was told of count as a change again after the next run."""
        self._states[name] = replace(self._states[name], digest=digest_before)

    async def _forget(self, names: list[str]) -> None:
        try:
            await self._store.forget(names)
        except StateError as error:
            _log.error("schedules that are gone could not be forgotten: %s", error)

    def _trouble(self, name: str, text: str) -> None:
        _log.error("%s: %s", name, text)
        self._states[name] = replace(self._states[name], trouble=text)

    def _spawn(self, work: Coroutine[None, None, None], name: str) -> None:
        task = asyncio.get_running_loop().create_task(work, name=f"schedule {name}")
        self._tasks[task] = name
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        name = self._tasks.pop(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("%s failed", task.get_name(), exc_info=error)
        if name not in self._schedules and not self._has_stopped:
            self._forget_others()


def result_hash(result: RunResult) -> str:
    """What two runs have in common that ended and said the same."""
    how = repr(sorted(outcome_members(result.outcome).items()))
    return hashlib.sha256(how.encode() + b"\0" + result.output).hexdigest()
