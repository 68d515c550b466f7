"""What is known of vulnerabilities, in the same database as the mail that tells of them."""

import asyncio
import itertools
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from doorward.core.cve_changes import Change, ChangeKind, NotedChange
from doorward.core.cve_counting import counted, period_bounds
from doorward.core.cve_filters import CveCounts, CveListing, CveQuery
from doorward.core.cve_ids import cve_number
from doorward.core.errors import StateError
from doorward.core.limits import Limits
from doorward.core.ports import Clock
from doorward.core.vulnerabilities import Account, Epss, Vulnerability
from doorward.stores.database import Database
from doorward.stores.vulnerability_accounts import written_accounts
from doorward.stores.vulnerability_notes import EpssRow, Notes, marks_of
from doorward.stores.vulnerability_queries import condition_of, order_of
from doorward.stores.vulnerability_rows import number_of, read_one

EPSS_SOURCE = "epss"
_BATCH = 2_000
_KINDS = {kind.value: kind for kind in ChangeKind}


class SqliteVulnerabilities:
    """
    The `VulnerabilityStore` in the database.

    Args:
        database: open.
        clock: says when something was noted.
        limits: asked for with each call, since a reload may change them.
    """

    def __init__(self, database: Database, *, clock: Clock, limits: Callable[[], Limits]) -> None:
        self._database = database
        self._clock = clock
        self._limits = limits

    async def marks(self, source: str) -> Mapping[str, str]:
        return await self._database.read(lambda connection: marks_of(connection, source))

    async def note(
        self, source: str, accounts: Iterable[Account], *, marks: Mapping[str, str], is_all: bool
    ) -> int:
        # what takes long and needs no disk holds up nobody who waits for the database
        told = await asyncio.to_thread(written_accounts, source, accounts)

        def work(notes: Notes) -> None:
            notes.note_accounts(source, told, is_all=is_all)
            notes.note_marks(source, marks)
            notes.prune()

        return await self._write(work)

    async def note_epss(self, scores: Iterable[tuple[str, Epss]], *, marks: Mapping[str, str]) -> int:
        seen: set[int] = set()
        changes = 0
        rows = _epss_rows(scores, seen)
        while batch := await asyncio.to_thread(_next_of, rows):
            self._check_scores(len(seen))
            changes += await self._write(partial(Notes.note_epss, rows=batch))
        last = 0
        while numbers := await self._database.read(partial(_epss_after, number=last)):
            last = numbers[-1]
            gone = [number for number in numbers if number not in seen]
            if gone:
                await self._write(partial(Notes.forget_epss, numbers=gone))
        await self._write(partial(_finish_epss, marks=marks))
        return changes

    async def last_change(self) -> int:
        return await self._database.read(_last_change)

    async def changes(self, after: int, *, most: int) -> Sequence[NotedChange]:
        return await self._database.read(lambda connection: _changes(connection, after, most))

    async def search(self, query: CveQuery) -> CveListing:
        return await self._database.read(lambda connection: _search(connection, query))

    async def find(self, name: str) -> Vulnerability | None:
        def look(connection: sqlite3.Connection) -> Vulnerability | None:
            number = number_of(connection, name)
            return None if number is None else read_one(connection, number)

        return await self._database.read(look)

    async def counts(self, query: CveQuery, *, periods: int, is_monthly: bool) -> Sequence[CveCounts]:
        bounds = period_bounds(self._clock.wall(), periods=periods, is_monthly=is_monthly)
        return await self._database.read(lambda connection: counted(bounds, *_days(connection, query)))

    async def _write(self, work: Callable[[Notes], None]) -> int:
        limits, now = self._limits(), self._clock.wall()

        def note(connection: sqlite3.Connection) -> int:
            notes = Notes(connection, now=now, limits=limits)
            work(notes)
            return notes.changes

        return await self._database.write(note)

    def _check_scores(self, count: int) -> None:
        limit = self._limits().cve_known
        if count > limit:
            raise StateError(f"EPSS has more ids than cve_known of [limits], which is {limit}")


def _epss_rows(scores: Iterable[tuple[str, Epss]], seen: set[int]) -> Iterator[EpssRow]:
    """Of what is reckoned for an id of CVE, the first of each, within 0.0 to 1.0."""
    for name, epss in scores:
        number = cve_number(name)
        if number is None or number in seen or not (0 <= epss.score <= 1 and 0 <= epss.percentile <= 1):
            continue
        seen.add(number)
        yield number, epss.score, epss.percentile


def _next_of(rows: Iterator[EpssRow]) -> list[EpssRow]:
    return list(itertools.islice(rows, _BATCH))


# In the thread of the database


def _finish_epss(notes: Notes, *, marks: Mapping[str, str]) -> None:
    notes.note_marks(EPSS_SOURCE, marks)
    notes.prune()


def _epss_after(connection: sqlite3.Connection, number: int) -> list[int]:
    rows = connection.execute(
        "SELECT number FROM epss WHERE number > ? ORDER BY number LIMIT ?", (number, _BATCH)
    )
    return [row[0] for row in rows]


def _last_change(connection: sqlite3.Connection) -> int:
    # of all there ever was: a mark that somebody set by it must not go back when the newest is forgotten
    row = connection.execute(
        "SELECT seq FROM sqlite_sequence WHERE name = 'vulnerability_changes'"
    ).fetchone()
    return 0 if row is None else row[0]


def _changes(connection: sqlite3.Connection, after: int, most: int) -> list[NotedChange]:
    rows = connection.execute(
        """
        SELECT each.number, id, at, kind, before, after
        FROM vulnerability_changes AS each JOIN vulnerabilities ON vulnerabilities.number = vulnerability
        WHERE each.number > ? ORDER BY each.number LIMIT ?
        """,
        (after, max(most, 0)),
    )
    return [
        NotedChange(
            number=row[0], id=row[1], at=row[2], change=Change(kind=kind, before=row[4], after=row[5])
        )
        for row in rows
        # a later version may have noted what this one has no name for
        if (kind := _KINDS.get(row[3])) is not None
    ]


def _search(connection: sqlite3.Connection, query: CveQuery) -> CveListing:
    condition = condition_of(connection, query)
    total, unscored = connection.execute(
        f"SELECT count(*), count(*) - count(score) FROM vulnerabilities WHERE {condition.sql}",  # noqa: S608
        condition.parameters,
    ).fetchone()
    rows = connection.execute(
        f"SELECT number FROM vulnerabilities WHERE {condition.sql}"  # noqa: S608 - constants
        f" ORDER BY {order_of(query)} LIMIT ? OFFSET ?",
        (*condition.parameters, max(query.most, 0), max(query.offset, 0)),
    ).fetchall()
    found = (read_one(connection, number) for (number,) in rows)
    return CveListing(found=tuple(each for each in found if each is not None), total=total, unscored=unscored)


def _days(connection: sqlite3.Connection, query: CveQuery) -> tuple[dict[str, int], dict[str, int]]:
    """How many were published, and became known to be exploited, by day."""
    condition = condition_of(connection, replace(query, since_at=None))
    published = connection.execute(
        "SELECT date(published_us / 1000000, 'unixepoch') AS day, count(*) FROM vulnerabilities"  # noqa: S608
        f" WHERE published_us IS NOT NULL AND {condition.sql} GROUP BY day",
        condition.parameters,
    )
    exploited = connection.execute(
        "SELECT exploited_on, count(*) FROM vulnerabilities"  # noqa: S608 - constants
        f" WHERE exploited_on IS NOT NULL AND {condition.sql} GROUP BY exploited_on",
        condition.parameters,
    )
    return dict(published.fetchall()), dict(exploited.fetchall())
