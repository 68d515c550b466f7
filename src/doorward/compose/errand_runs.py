"""Errands by the clock: they take their turns among the schedules."""

import logging
from collections.abc import Callable, Mapping

from doorward.compose.errand_going import ErrandGoing
from doorward.core.errands import Errand
from doorward.core.errors import DoorwardError
from doorward.core.outcome import SUCCESS, Outcome, OutcomeKind
from doorward.core.ports import ScheduledRuns
from doorward.core.schedules import RunResult, Schedule
from doorward.errands.errand_schedules import is_errands

_log = logging.getLogger("doorward.errands")


class ErrandRuns:
    """
    The `ScheduledRuns` that has errands gone on, and leaves commands to `runs`.

    Args:
        runs: where commands run.
        going: goes on errands.
        errands: those that count now, by `errand_name`.
    """

    def __init__(
        self, runs: ScheduledRuns, going: ErrandGoing, errands: Callable[[], Mapping[str, Errand]]
    ) -> None:
        self._runs = runs
        self._going = going
        self._errands = errands

    async def run(self, schedule: Schedule) -> RunResult:
        if not is_errands(schedule):
            return await self._runs.run(schedule)
        errand = self._errands().get(schedule.name)
        if errand is None:
            return RunResult(outcome=_failed("it is not configured any more"))
        try:
            gone = await self._going.go(errand)
        except DoorwardError as error:
            return RunResult(outcome=_failed(str(error)))
        _log.info("%s: %s", schedule.name.replace(".", " ", 1), gone.text)
        troubles = "; ".join(map(str, gone.troubles))
        return RunResult(outcome=_failed(troubles) if troubles else SUCCESS, output=f"{gone.text}\n".encode())


def _failed(reason: str) -> Outcome:
    return Outcome(OutcomeKind.FAILED, reason=reason)
