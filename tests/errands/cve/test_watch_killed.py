"""A watch that is killed between any two steps: nothing is lost, nothing is told twice, nothing is half."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from pathlib import Path

import pytest

from doorward.core.cve_errands import CveErrand, CveSource, CveSourceKind
from doorward.core.limits import Limits
from doorward.core.mail import Mail
from doorward.core.mail_settings import MailSettings
from doorward.core.mailboxes import Mailbox
from doorward.core.schedules import Every
from doorward.core.vulnerabilities import Account
from doorward.errands.composing import Draft, compose
from doorward.errands.cve.updates import AccountsUpdate, CveUpdate
from doorward.errands.cve.watch import CveWatch
from doorward.stores.database import Database
from doorward.stores.outbox import SqliteOutbox
from doorward.stores.seen import SqliteSeen
from doorward.stores.vulnerabilities import SqliteVulnerabilities
from doorward.testing.clock import ManualClock
from doorward.testing.vulnerability_contract import kev, nvd
from tests.errands.letters import read

WORK = """
import asyncio, sys
from pathlib import Path
from tests.errands.cve.test_watch_killed import work
asyncio.run(work(Path(sys.argv[1])))
"""
MOST_CALLS = 1_000

ERRAND = CveErrand(
    name="security",
    sources=(
        CveSource(kind=CveSourceKind.KEV, url="http://kev.example/"),
        CveSource(kind=CveSourceKind.NVD, url="http://nvd.example/"),
    ),
    timing=Every(3600),
    to=(Mailbox("alice@example.org"),),
)
OLD = {1, 2, 3}
NEW = {4, 5, 6}
RESCORED = 3
EXPLOITED = 2

pytestmark = pytest.mark.needs_program("strace", package="strace")


class TwoDays:
    """
    `Sources` whose documents stay the same but for one change: as servers, they know nothing of who dies.

    Which document comes is told by the marks of the source, as a server tells by the tag that it gets.
    """

    def __init__(self, day: int) -> None:
        self._day = day

    async def look(self, source: CveSource, marks: Mapping[str, str]) -> AsyncGenerator[CveUpdate, None]:
        if marks.get("day") == str(self._day):
            return
        pages = self._pages(source)
        for at, page in enumerate(pages):
            yield AccountsUpdate(
                source=source.key,
                accounts=tuple(page),
                marks={"day": str(self._day)} if at == len(pages) - 1 else marks,
                is_all=source.kind is CveSourceKind.KEV,
            )

    def _pages(self, source: CveSource) -> Sequence[Sequence[Account]]:
        is_first = self._day == 1
        if source.kind is CveSourceKind.KEV:
            return [[kev(1), *([] if is_first else [kev(EXPLOITED), kev(6)])]]
        if is_first:
            return [[nvd(2, 5.0)], [nvd(3, 5.0)]]
        return [[nvd(RESCORED, 9.8)], [nvd(4, 7.0)], [nvd(5)]]


async def work(folder: Path) -> None:
    """Look at the first day's documents, then at the second's, and say what is done."""
    clock = ManualClock()
    database = Database(folder)
    await database.open()

    async def made(draft: Draft) -> Mail:
        number = 10**15 + int(clock.wall()) + os.getpid() * 10**7
        return compose(draft, MailSettings(), wall_seconds=clock.wall(), token=str(number))

    for day in (1, 2):
        clock.advance(3600)
        # what an earlier life of this work did, a later one does not undo: a server does not go back
        if day == 1 and await _was_told(database, clock):
            continue
        watch = CveWatch(
            sources=TwoDays(day),
            known=SqliteVulnerabilities(database, clock=clock, limits=Limits),
            seen=SqliteSeen(database, clock=clock, limits=Limits),
            compose=made,
            wall_seconds=clock.wall,
        )
        watched = await watch.look(ERRAND)
        print("looked", day, *watched.mails, flush=True)  # noqa: T201
    await database.close()


async def _was_told(database: Database, clock: ManualClock) -> bool:
    return bool(await SqliteSeen(database, clock=clock, limits=Limits).seen("cve:security"))


async def letters_in(folder: Path) -> list[str]:
    database = Database(folder)
    await database.open()
    queue = SqliteOutbox(database, clock=ManualClock(), boot="this", limits=Limits)
    found = [await queue.find(each.number) for each in await queue.messages()]
    await database.close()
    texts = []
    for each in found:
        assert each is not None
        body = read(each[1]).get_body(("plain",))
        assert body is not None
        texts.append(str(body.get_content()).replace("\r\n", "\n"))
    return texts


def check_killed_at(folder: Path, call: str, number: int) -> int:
    """Kill it at this call, let another do the same again, and read all letters; gives the first's status."""
    folder.mkdir(mode=0o700)
    argv = ["strace", "-f", "-o", os.devnull, "-e", f"trace={call}"]
    argv += ["-e", f"inject={call}:signal=KILL:when={number}", sys.executable, "-B", "-c", WORK, str(folder)]
    ended = subprocess.run(argv, check=False, capture_output=True, timeout=120, text=True)
    assert ended.returncode in {0, -9}, ended.stderr
    asyncio.run(work(folder))
    summary, news = asyncio.run(letters_in(folder))
    heads = [line.partition(":")[0] for line in summary.splitlines() if line.startswith("CVE-")]
    assert sorted(heads) == [f"CVE-2025-{number:04}" for number in sorted(OLD)]
    fresh, _, changed = news.partition("Changed (2)")
    for new in NEW:
        assert fresh.count(f"\nCVE-2025-{new:04}") == 1
    assert changed.count("  changed: now exploited, since 2025-03-01\n") == 1
    assert changed.count("  changed: score 5.0 -> 9.8\n") == 1
    return ended.returncode


def syncs_around_commits(folder: Path) -> list[int]:
    """The last two syncs before each look says that it is done: the commit of what was told, and before."""
    folder.mkdir(mode=0o700)
    trace = folder.with_suffix(".trace")
    argv = ["strace", "-f", "-o", str(trace), "-e", "trace=fdatasync,write", sys.executable, "-B", "-c", WORK]
    subprocess.run([*argv, str(folder)], check=True, capture_output=True, timeout=120)
    syncs, found = 0, []
    for line in trace.read_text().splitlines():
        syncs += " fdatasync(" in line
        if '"looked' in line:
            found += [syncs - 1, syncs]
    return found


def test_killed_around_each_commit_all_is_told_once(tmp_path: Path) -> None:
    numbers = syncs_around_commits(tmp_path / "whole")
    assert len(set(numbers)) == 4
    for number in numbers:
        assert check_killed_at(tmp_path / str(number), "fdatasync", number) == -9


@pytest.mark.soak
@pytest.mark.parametrize("call", ["fsync", "fdatasync", "pwrite64"])
def test_killed_at_any_call_that_writes_all_is_told_once(tmp_path: Path, call: str) -> None:
    for number in range(1, MOST_CALLS):
        if check_killed_at(tmp_path / str(number), call, number) == 0:
            return
    pytest.fail("it was always killed")
