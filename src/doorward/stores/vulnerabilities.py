"""What is known of vulnerabilities, in the same database as the mail that tells of them."""

import asyncio
import itertools
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from doorward.core.cve_changes import NotedChange
from doorward.core.cve_counting import counted, month_bounds
from doorward.core.cve_filters import CveCounts, CveListing, CveQuery
from doorward.core.errors import NoRoom
from doorward.core.vulnerabilities import Account, Epss, Vulnerability
from doorward.stores.database import Database
from doorward.stores.epss import epss_numbers_after, epss_rows, forget_epss, note_epss_rows
from doorward.stores.vulnerability_accounts import ToldAccount, told_accounts
from doorward.stores.vulnerability_changes import (
    changes_after,
    last_change,
    marks_of,
    prune_changes,
    put_marks,
)
from doorward.stores.vulnerability_notes import Notes, Prepared, prepared, unknown_of
from doorward.stores.vulnerability_queries import counts_by_day, search
from doorward.stores.vulnerability_rows import number_of, read_one

if TYPE_CHECKING:
    from doorward.core.limits import Limits
    from doorward.core.ports import Clock

EPSS_SOURCE = "epss"
_BATCH = 2_000
"""So many scores are one transaction of some 20 ms, and others wait no longer."""

_T = TypeVar("_T")


class SqliteVulnerabilities:
    """
    The `VulnerabilityStore` in the database.

    Args:
        database: open.
        clock: says when something was noted.
        limits: asked for with each call, since a reload may change them.
    """

    def __init__(self, database: Database, *, clock: "Clock", limits: "Callable[[], Limits]") -> None:
        self._database = database
        self._clock = clock
        self._limits = limits

    async def marks(self, source: str) -> Mapping[str, str]:
        return await self._database.look(lambda connection: marks_of(connection, source))

    async def note(
        self, source: str, accounts: Iterable[Account], *, marks: Mapping[str, str], is_all: bool
    ) -> int:
        # what takes long and changes nothing holds up nobody who wants to write
        told = await asyncio.to_thread(told_accounts, source, accounts)
        unknown = await self._database.look(partial(unknown_of, source=source, told=told))
        ready = await asyncio.to_thread(_prepared_all, unknown)
        limits, now = self._limits(), self._clock.wall()

        def work(connection: sqlite3.Connection) -> int:
            changes = Notes(connection, source, now=now).note(told, ready, is_all=is_all, limits=limits)
            put_marks(connection, source, marks)
            prune_changes(connection, now=now, limits=limits)
            return changes

        return await self._database.write(work)

    async def note_epss(self, scores: Iterable[tuple[str, Epss]], *, marks: Mapping[str, str]) -> int:
        seen: set[int] = set()
        rows = epss_rows(scores, seen)
        changes = 0
        while batch := await asyncio.to_thread(_next_of, rows):
            self._check_scores(len(seen))
            changes += await self._database.write(partial(note_epss_rows, rows=batch, now=self._clock.wall()))
        last = 0
        while numbers := await self._database.look(partial(epss_numbers_after, number=last, most=_BATCH)):
            last = numbers[-1]
            gone = [number for number in numbers if number not in seen]
            if gone:
                await self._database.write(partial(forget_epss, numbers=gone))
        limits, now = self._limits(), self._clock.wall()

        def finish(connection: sqlite3.Connection) -> None:
            put_marks(connection, EPSS_SOURCE, marks)
            prune_changes(connection, now=now, limits=limits)

        await self._database.write(finish)
        return changes

    async def last_change(self) -> int:
        return await self._database.look(last_change)

    async def changes(self, after: int, *, most: int) -> Sequence[NotedChange]:
        return await self._database.look(partial(changes_after, number=after, most=most))

    async def search(self, query: CveQuery) -> CveListing:
        return await self._database.look(partial(search, query=query))

    async def find(self, name: str) -> Vulnerability | None:
        def look(connection: sqlite3.Connection) -> Vulnerability | None:
            number = number_of(connection, name)
            return None if number is None else read_one(connection, number)

        return await self._database.look(look)

    async def counts(self, query: CveQuery, *, months: int) -> Sequence[CveCounts]:
        bounds = month_bounds(self._clock.wall(), months=months)
        return counted(bounds, *await self._database.look(partial(counts_by_day, query=query)))

    def _check_scores(self, count: int) -> None:
        limit = self._limits().cve_known
        if count > limit:
            raise NoRoom(f"EPSS has more ids than cve_known of [limits], which is {limit}")


def _prepared_all(told: Mapping[str, ToldAccount]) -> Mapping[str, Prepared]:
    return {key: prepared(each) for key, each in told.items()}


def _next_of(rows: Iterable[_T]) -> list[_T]:
    return list(itertools.islice(rows, _BATCH))
