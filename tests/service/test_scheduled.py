"""A scheduled run is an ordinary run, by the principal `schedule:NAME`."""

import asyncio
import json
import re
from typing import Any

import pytest

from doorward.core.audit import AuditKind
from doorward.core.launch import Exited, Stream
from doorward.core.outcome import SUCCESS, OutcomeKind
from doorward.core.schedules import Every, RunResult, Schedule
from doorward.service.schedule_texts import COLUMNS
from doorward.service.scheduled import DeskRuns
from tests.service.house import ALICE, BOUND_SECONDS, GUEST, ROOT, House, Reader, program

BACKUP = program(
    "backup", roles=frozenset({"operator"}), doors=frozenset({"ssh"}), takes_input=True, output_bytes=64
)
OTHER = program("other")


def kind(reader: Reader) -> OutcomeKind:
    assert reader.outcome is not None
    return reader.outcome.kind


def schedule(command: str = "backup", line: str = "") -> Schedule:
    return Schedule(name="nightly", command=command, line=line or command, timing=Every(60))


async def begun(house: House, what: Schedule) -> "asyncio.Task[RunResult]":
    task = asyncio.get_running_loop().create_task(DeskRuns(house.desk).run(what))
    await asyncio.sleep(0)
    return task


async def test_it_runs_whatever_roles_and_doors_its_command_has_and_hands_back_all_it_wrote() -> None:
    house = House(BACKUP)
    task = await begun(house, schedule())
    house.child.write(b"out\n")
    house.child.write(b"err\n", Stream.ERR)
    await asyncio.sleep(0)
    assert house.child.is_input_closed
    house.child.write(b"more\n")
    house.child.end()
    async with asyncio.timeout(BOUND_SECONDS):
        assert await task == RunResult(outcome=SUCCESS, output=b"out\nerr\nmore\n", run=1)
    [event] = house.audit.of(AuditKind.RUN)
    assert (event.who, event.peer and event.peer.door) == ("schedule:nightly", "schedule")


async def test_output_is_cut_where_the_command_says_and_the_outcome_tells() -> None:
    house = House(BACKUP)
    task = await begun(house, schedule())
    house.child.write(b"x" * 100)
    house.child.end(Exited(3))
    result = await task
    assert (len(result.output), result.outcome.cut_at_bytes, result.outcome.status) == (64, 64, 3)


async def test_it_may_run_nothing_but_the_command_it_names() -> None:
    house = House(BACKUP, OTHER)
    result = await DeskRuns(house.desk).run(schedule("backup", "other"))
    assert result.outcome.kind is OutcomeKind.REFUSED
    assert result.outcome.reason == "schedule:nightly may run backup and nothing else"
    assert house.audit.of(AuditKind.REFUSAL)
    gone = await DeskRuns(house.desk).run(schedule("gone"))
    assert gone.outcome.kind is OutcomeKind.UNKNOWN


async def test_one_that_is_left_is_stopped_like_any_run_that_nobody_reads() -> None:
    house = House(OTHER)
    task = await begun(house, schedule("other"))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    house.clock.advance(house.limits.linger_seconds)
    assert house.child.stops


async def test_only_an_admin_sees_it_among_the_runs_and_may_cancel_it() -> None:
    house = House(OTHER)
    task = await begun(house, schedule("other"))
    assert house.ask(ALICE, "runs").text == "No runs.\n"
    assert kind(house.ask(ALICE, "cancel 1")) is OutcomeKind.REFUSED
    assert "schedule:nightly" in house.ask(ROOT, "runs").text
    assert house.ask(ROOT, "cancel 1").text == "Run 1 is being stopped.\n"
    house.child.end()
    assert (await task).outcome.kind is OutcomeKind.CANCELLED


NIGHTLY: dict[str, Any] = {
    "schedule": "nightly",
    "words": "backup",
    "timing": "at 04:30",
    "state": "waiting",
    "next_at": "2026-11-28T04:30:00+00:00",
    "last": {
        "due_at": "2026-11-27T04:30:00+00:00",
        "began_at": "2026-11-27T04:30:00+00:00",
        "ended_at": "2026-11-27T04:30:09+00:00",
        "outcome": {"kind": "exited", "exit_status": 3, "status": 3},
    },
    "missed": 2,
    "skipped": 1,
    "trouble": "its mail could not be queued: \x1b[31mthe outbox is full",
}
FRESH = {**NIGHTLY, "schedule": "new", "last": None, "missed": 0, "skipped": 0, "trouble": ""}


def test_schedules_are_told_to_an_admin_alone() -> None:
    house = House()
    assert house.ask(ROOT, "schedules").text == "No schedules.\n"
    house.schedules = [NIGHTLY, FRESH]
    lines = house.ask(ROOT, "schedules").text.splitlines()
    assert re.split(" {2,}", lines[0]) == list(COLUMNS)
    assert re.split(" {2,}", lines[1]) == [
        "nightly",
        "at 04:30",
        "2026-11-28 04:30:00",
        "2026-11-27 04:30:00",
        "exit status 3",
        "backup",
    ]
    assert lines[2:5] == [
        "    missed twice, as nobody was there",
        "    skipped once, as the run was still under way",
        "    its mail could not be queued: \\x1b[31mthe outbox is full",
    ]
    assert "never" in lines[5]
    for asker in (ALICE, GUEST):
        assert kind(house.ask(asker, "schedules")) is OutcomeKind.REFUSED
    assert json.loads(house.ask(ROOT, "schedules form=json").text) == [NIGHTLY, FRESH]
