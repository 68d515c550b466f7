"""Feeds read, and watched, with real ends: the network, a database, a process for what is no XML."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from doorward.clients.fetch.options import FetchOptions
from doorward.compose.composed import composed
from doorward.compose.errand_locks import errand_lock
from doorward.compose.fetching import FetchSession
from doorward.compose.lenient_feeds import LenientFeeds
from doorward.core.errands import errand_name
from doorward.core.errors import ConnectError, FeedError, StateError
from doorward.core.feed_errands import FeedErrand
from doorward.core.limits import Limits
from doorward.core.mail import Mail
from doorward.core.ports import Clock, SeenStore
from doorward.core.settings import Settings
from doorward.errands.composing import Draft
from doorward.errands.feed_source import FeedAnswer, FeedSource
from doorward.errands.feed_watch import FeedWatch, Watched
from doorward.errands.feeds.parsing import FeedBounds
from doorward.errands.validators import Validators
from doorward.stores.database import Database
from doorward.stores.seen import SqliteSeen

AT_ONCE = 8
"""So many feeds are asked for at the same time."""


@asynccontextmanager
async def feed_source(
    limits: Limits, options: FetchOptions | None = None, *, lenient: LenientFeeds | None = None
) -> AsyncIterator[FeedSource]:
    """
    Feeds from the network, until the context is left.

    Args:
        limits: of feeds.
        options: how they are fetched.
        lenient: reads what is no XML; None for one of its own.
    """
    async with FetchSession(options) as session:
        yield FeedSource(
            fetcher=session,
            lenient=lenient or LenientFeeds(),
            bounds=FeedBounds.within(limits),
            seconds=limits.feed_seconds,
        )


async def read_all(
    source: FeedSource, asked: Sequence[tuple[str, Validators | None]]
) -> AsyncGenerator[tuple[str, FeedAnswer | ConnectError | FeedError], None]:
    """
    Read several feeds, `AT_ONCE` at a time, and yield each as soon as it is there.

    Args:
        source: where they come from.
        asked: their addresses, and what is known of each.
    """
    turn = asyncio.Semaphore(AT_ONCE)

    async def read(url: str, known: Validators | None) -> tuple[str, FeedAnswer | ConnectError | FeedError]:
        async with turn:
            try:
                return url, await source.read(url, known)
            except (ConnectError, FeedError) as error:
                return url, error

    loop = asyncio.get_running_loop()
    # no TaskGroup: an error of whoever reads these would leave it as a group of errors, or as none
    reading = {loop.create_task(read(url, known)) for url, known in asked}
    try:
        for ready in asyncio.as_completed(reading):
            yield await ready
    finally:
        for task in reading:
            task.cancel()
        await asyncio.gather(*reading, return_exceptions=True)


class WatchedFeeds:
    """
    The feeds that errands watch, with their marks and their mail in the database of a state.

    Args:
        database: open; the outbox stands in it too.
        clock: of this process.
        settings: asked for with each look, since a reload may change them.
    """

    def __init__(self, database: Database, clock: Clock, settings: Callable[[], Settings]) -> None:
        self._folder = database.path.parent
        self._clock = clock
        self._settings = settings
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._lenient = LenientFeeds()
        self._seen: SeenStore = SqliteSeen(database, clock=clock, limits=lambda: settings().limits)

    async def look(self, errand: FeedErrand) -> Watched:
        """
        Look at a feed once; never two processes at the same time, which would tell the same twice.

        Raises:
            StateError: another process is at it, or what was seen could not be noted.
            ConnectError, FeedError: the feed could not be had.
            MailError: there is nobody to tell.
        """
        async with self._turn:
            return await self._look(errand)

    async def _look(self, errand: FeedErrand) -> Watched:
        async with errand_lock(self._folder, errand_name(errand)):
            try:
                async with feed_source(self._settings().limits, lenient=self._lenient) as source:
                    watch = FeedWatch(
                        feeds=source, seen=self._seen, compose=self._composed, wall_seconds=self._clock.wall
                    )
                    return await watch.look(errand)
            except StateError as error:
                raise StateError(f"{errand.url}: what was seen cannot be noted: {error}") from error

    async def _composed(self, draft: Draft) -> Mail:
        return await composed(draft, self._settings().mail, self._clock)
