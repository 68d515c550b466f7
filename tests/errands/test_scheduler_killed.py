"""A daemon that is killed at a sync of its schedules: nothing runs twice, and a run that was cut is told."""

import asyncio
import os
import random
import subprocess
import sys
from dataclasses import replace
from datetime import UTC
from pathlib import Path

import pytest

from doorward.core.limits import Limits
from doorward.core.mail import Mail
from doorward.core.outcome import SUCCESS
from doorward.core.schedules import INTERRUPTED, MailWhen, RunResult, Schedule, ScheduleState
from doorward.errands.scheduler import Scheduler
from doorward.stores.database import Database
from doorward.stores.outbox import SqliteOutbox
from doorward.stores.schedules import SqliteSchedules
from doorward.testing.clock import ManualClock
from tests.errands.scheduler_house import HOUR_SECONDS, HOURLY, mail_of

WORK = """
import asyncio, sys
from pathlib import Path
from tests.errands.test_scheduler_killed import work
asyncio.run(work(Path(sys.argv[1]), 0, 4))
"""
SYNCS = 12
MAILED = replace(HOURLY, mail=MailWhen.ALWAYS)

pytestmark = pytest.mark.needs_program("strace", package="strace")


class WrittenRuns:
    """`ScheduledRuns` that write down in a file for which hour they run."""

    def __init__(self, file: Path, clock: ManualClock) -> None:
        self._file = file
        self._clock = clock

    async def run(self, schedule: Schedule) -> RunResult:
        def write() -> None:
            with self._file.open("a") as file:
                file.write(f"{hours_of(self._clock.wall())}\n")

        await asyncio.to_thread(write)
        return RunResult(outcome=SUCCESS, output=b"done\n")


def hours_of(wall_seconds: float) -> int:
    return int((wall_seconds - ManualClock().wall()) // HOUR_SECONDS)


async def work(folder: Path, first: int, last: int) -> None:
    """Be a daemon from one hour to another, and say of each that it comes."""
    clock = ManualClock()
    clock.advance(first * HOUR_SECONDS)
    database = Database(folder)
    await database.open()
    store = SqliteSchedules(database, clock=clock, limits=Limits)
    runs = WrittenRuns(folder / "runs", clock)
    scheduler = Scheduler(clock=clock, store=store, runs=runs, compose=mail_of)
    await scheduler.open()
    scheduler.replace([MAILED], UTC)
    await until_idle(scheduler)
    for hour in range(first + 1, last + 1):
        print(hour, flush=True)  # noqa: T201
        clock.advance(HOUR_SECONDS)
        await until_idle(scheduler)
    await scheduler.close()
    await database.close()


async def until_idle(scheduler: Scheduler) -> None:
    while scheduler._tasks:
        await asyncio.wait([*scheduler._tasks])


async def found_in(folder: Path) -> tuple[ScheduleState, list[Mail]]:
    database = Database(folder)
    await database.open()
    clock = ManualClock()
    states = await SqliteSchedules(database, clock=clock, limits=Limits).load()
    queue = SqliteOutbox(database, clock=clock, boot="this", limits=Limits)
    found = [await queue.find(each.number) for each in await queue.messages()]
    await database.close()
    return states["hourly"], [each[1] for each in found if each is not None]


def check_killed_at(folder: Path, call: str, number: int) -> int:
    """Kill it at this call, start it again in the same hour, and look; gives the status of the first."""
    argv = ["strace", "-f", "-o", os.devnull, "-e", f"trace={call}"]
    argv += ["-e", f"inject={call}:signal=KILL:when={number}", sys.executable, "-B", "-c", WORK, str(folder)]
    ended = subprocess.run(argv, check=False, capture_output=True, timeout=120, text=True)
    assert ended.returncode in {0, -9}, ended.stderr
    hours = [int(line) for line in ended.stdout.split()]
    now = hours[-1] if hours else 0
    asyncio.run(work(folder, now, now))
    state, mails = asyncio.run(found_in(folder))
    written = folder / "runs"
    ran = [int(line) for line in written.read_text().split()] if written.exists() else []
    assert ran == sorted(set(ran))
    assert not state.is_under_way
    was_cut = [mail for mail in mails if b"failed" in mail.content]
    if state.outcome == INTERRUPTED:
        # it may have come far enough to be written down, or not
        assert set(range(1, now)) <= set(ran)
        assert len(was_cut) == 1
    else:
        assert ran == list(range(1, now + 1))
        assert not was_cut
    # each that ended was mailed, together with its end
    assert len(mails) == now
    return ended.returncode


def test_killed_at_some_sync_nothing_is_run_twice(tmp_path: Path) -> None:
    for number in random.Random(1).sample(range(2, SYNCS), 3):
        folder = tmp_path / str(number)
        folder.mkdir(mode=0o700)
        assert check_killed_at(folder, "fdatasync", number) == -9


@pytest.mark.soak
@pytest.mark.parametrize("call", ["fsync", "fdatasync", "pwrite64"])
def test_killed_at_any_call_that_writes_nothing_is_run_twice(tmp_path: Path, call: str) -> None:
    for number in range(1, 1000):
        folder = tmp_path / str(number)
        folder.mkdir(mode=0o700)
        if check_killed_at(folder, call, number) == 0:
            return
    pytest.fail("it was always killed")
