"""Scheduled runs: the clock asks at the desk like anybody else, and reads to the end."""

import asyncio

from doorward.core.principal import Peer, schedule_principal
from doorward.core.schedules import RunResult, Schedule
from doorward.service.caller import Caller
from doorward.service.desk import Desk

DOOR = "schedule"
"""What stands in the place of a door's name in runs and in the audit trail."""

_ADDRESS = "the clock"


class DeskRuns:
    """The `ScheduledRuns` at `desk`: each is a run by the principal `schedule:NAME`, with an empty stdin."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def run(self, schedule: Schedule) -> RunResult:
        news = asyncio.Event()
        caller = Caller(schedule_principal(schedule.name, schedule.command), Peer(DOOR, _ADDRESS))
        answer = self._desk.ask(caller, schedule.line, news.set)
        self._desk.end_input(answer)
        output: list[bytes] = []
        try:
            while True:
                news.clear()
                output += [data for _, data in answer.take_all()]
                if (outcome := answer.outcome) is not None:
                    return RunResult(outcome=outcome, output=b"".join(output), run=answer.number)
                await news.wait()
        finally:
            self._desk.leave(answer)
