"""Sources asked over the real client, with a clock and a patience that are ours."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from doorward.compose.fetching import FetchSession
from doorward.compose.lenient_feeds import LenientFeeds
from doorward.core.cve_errands import CveSource
from doorward.core.installed import Installed
from doorward.core.secret import Secret
from doorward.errands.cve.sources import CveBounds, CveSources
from doorward.errands.cve.updates import AccountsUpdate, CveUpdate
from doorward.testing.clock import ManualClock
from tests.errands.cve.documents import machine

NOW = datetime(2026, 11, 27, 12, 30, tzinfo=UTC)
KEY = "canary-7d1f"


@dataclass
class Going:
    """
    Looks at sources, and keeps their marks as a store would.

    Attributes:
        now: what the clock says.
        installed: what the machine has.
        pauses: in seconds, that were slept.
        marks: by source.
        second_by_first: where else to ask.
    """

    fetcher: FetchSession
    now: datetime = NOW
    installed: Installed = field(default_factory=lambda: machine(("glibc", "2.36-9")))
    bounds: CveBounds = field(default_factory=lambda: CveBounds(seconds=30, feed_seconds=30))
    pauses: list[float] = field(default_factory=list)
    marks: dict[str, Mapping[str, str]] = field(default_factory=dict)
    second_by_first: dict[str, str] = field(default_factory=dict)

    async def look(self, source: CveSource) -> list[CveUpdate]:
        """Look once, to the end, and note what comes."""
        return [update async for update in self.updates(source)]

    async def updates(self, source: CveSource) -> AsyncIterator[CveUpdate]:
        sources = CveSources(
            fetcher=self.fetcher,
            lenient=LenientFeeds(),
            installed=self._installed,
            read_key=self._key,
            wall_seconds=self.now.timestamp,
            sleep=self._sleep,
            bounds=self.bounds,
            second_by_first=self.second_by_first,
        )
        async with aclosing(sources.look(source, self.marks.get(source.key, {}))) as updates:
            async for update in updates:
                assert update.source == source.key
                self.marks[source.key] = update.marks
                yield update

    async def ids(self, source: CveSource) -> list[str]:
        """What a look tells of."""
        updates = await self.look(source)
        return [
            each.id for update in updates if isinstance(update, AccountsUpdate) for each in update.accounts
        ]

    async def _installed(self) -> Installed:
        return self.installed

    async def _key(self, file: str) -> Secret:
        assert file == "/key"
        return Secret(KEY)

    async def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)


@asynccontextmanager
async def going() -> AsyncIterator[Going]:
    async with FetchSession() as session:
        yield Going(session)


@asynccontextmanager
async def bare_sources(bounds: CveBounds) -> AsyncIterator[CveSources]:
    """Sources asked from a machine that has no packages and no key, with no pauses."""

    async def nothing_installed() -> Installed:
        return Installed(suite="bookworm", packages=())

    async def no_key(file: str) -> Secret:
        raise AssertionError(file)

    async def no_pause(_seconds: float) -> None:
        await asyncio.sleep(0)

    async with FetchSession() as session:
        yield CveSources(
            fetcher=session,
            lenient=LenientFeeds(),
            installed=nothing_installed,
            read_key=no_key,
            wall_seconds=ManualClock().wall,
            sleep=no_pause,
            bounds=bounds,
        )
