"""Errands by the clock: they take their turns among the schedules."""

import logging
from collections.abc import Callable, Mapping

from doorward.compose.feeds import WatchedFeeds
from doorward.core.errors import DoorwardError
from doorward.core.feed_errands import FeedErrand
from doorward.core.outcome import SUCCESS, Outcome, OutcomeKind
from doorward.core.ports import ScheduledRuns
from doorward.core.schedules import RunResult, Schedule
from doorward.errands.feed_report import outcome_text
from doorward.errands.feed_schedules import feed_named

_log = logging.getLogger("doorward.errands")


class ErrandRuns:
    """
    The `ScheduledRuns` that goes on errands itself, and leaves commands to `runs`.

    Args:
        runs: where commands run.
        feeds: looks at feeds.
        errands: those that count now, by name.
    """

    def __init__(
        self, runs: ScheduledRuns, feeds: WatchedFeeds, errands: Callable[[], Mapping[str, FeedErrand]]
    ) -> None:
        self._runs = runs
        self._feeds = feeds
        self._errands = errands

    async def run(self, schedule: Schedule) -> RunResult:
        name = feed_named(schedule)
        if name is None:
            return await self._runs.run(schedule)
        errand = self._errands().get(name)
        if errand is None:
            return RunResult(outcome=Outcome(OutcomeKind.FAILED, reason="it is not configured any more"))
        try:
            watched = await self._feeds.look(errand)
        except DoorwardError as error:
            return RunResult(outcome=Outcome(OutcomeKind.FAILED, reason=str(error)))
        text = outcome_text(watched)
        _log.info("feed %s: %s", name, text)
        return RunResult(outcome=SUCCESS, output=f"{text}\n".encode())
