"""Several feeds, asked for at once and printed as they come."""

import asyncio
import hashlib
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from pathlib import Path

from doorward.cli.feed_shown import feed_members, limited
from doorward.cli.screen import complain, status_of
from doorward.clients.fetch.options import FetchOptions
from doorward.compose.feeds import feed_source, read_all
from doorward.core.errors import ConnectError, FeedError, StateError
from doorward.core.feeds import Feed
from doorward.core.fetching import without_login
from doorward.core.limits import Limits
from doorward.core.moments import day_utc
from doorward.errands.feed_marks import judge_entries
from doorward.errands.feed_source import FeedAnswer
from doorward.errands.validators import Validators, marks_of_answer, validators_of
from doorward.stores.clock import SystemClock
from doorward.stores.database import Database
from doorward.stores.seen import SqliteSeen

Printed = Callable[[str, Feed, int | None], None]
"""Prints a feed that came from an address, which shows no login, with so many entries at most."""

_OnAnswer = Callable[[str, FeedAnswer], Awaitable[None]]


@dataclass(slots=True, kw_only=True)
class FeedListing:
    """
    One listing.

    Attributes:
        urls: each once.
        limit: as many entries of each feed are shown; None for all.
        limits: of feeds.
        options: how they are fetched.
        show: prints one; None to keep them as `members`.
        members: what is told of each feed in JSON, by its address.
        status: the exit status so far.
    """

    urls: tuple[str, ...]
    limit: int | None
    limits: Limits
    options: FetchOptions
    show: Printed | None
    members: dict[str, dict[str, object]] = field(default_factory=dict)
    status: int = 0

    async def print_all(self) -> None:
        """Print every entry."""

        async def on_answer(url: str, answer: FeedAnswer) -> None:
            if answer.feed is not None:
                self._print(url, answer.feed)

        await self._read(dict.fromkeys(self.urls), on_answer)

    async def print_new(self, folder: Path) -> None:
        """
        Print what was not there the last time, and note in the state in `folder` that it is there now.

        Raises:
            StateError, TrustError: that cannot be read or noted.
        """
        database = Database(folder)
        await database.open()
        try:
            await self._print_new(database)
        finally:
            await database.close()

    async def _print_new(self, database: Database) -> None:
        clock = SystemClock(asyncio.get_running_loop())
        store = SqliteSeen(database, clock=clock, limits=lambda: self.limits)
        marks = {url: await store.seen(_name(url)) for url in self.urls}
        today = day_utc(clock.wall())

        async def on_answer(url: str, answer: FeedAnswer) -> None:
            if answer.feed is None:
                self._print_nothing(url)
                return
            judged = judge_entries(answer.feed.entries, marks[url], url=url, today=today)
            self._print(url, replace(answer.feed, entries=judged.new))
            # first printed, then noted: what was not read in between comes again
            sys.stdout.flush()
            noted = {**judged.marks, **marks_of_answer(url, answer.validators)}
            try:
                await store.commit(_name(url), noted, None, forgotten=judged.forgotten)
            except StateError as error:
                address = without_login(url)
                raise StateError(f"{address}: what was seen cannot be noted: {error}") from error

        await self._read({url: validators_of(marks[url], url) for url in self.urls}, on_answer)

    async def _read(self, asked: Mapping[str, Validators | None], on_answer: _OnAnswer) -> None:
        async with (
            feed_source(self.limits, self.options) as source,
            aclosing(read_all(source, tuple(asked.items()))) as answers,
        ):
            async for url, answer in answers:
                if isinstance(answer, FeedAnswer):
                    await on_answer(url, answer)
                else:
                    self._complain(url, answer)

    def _complain(self, url: str, error: ConnectError | FeedError) -> None:
        complain(str(error))
        # that one did not come at all may mend itself, and so outweighs
        self.status = max(self.status, status_of(error))
        self.members[url] = {"url": without_login(url), "error": str(error)}

    def _print(self, url: str, feed: Feed) -> None:
        address = without_login(url)
        for note in feed.notes:
            complain(f"{address}: {note}")
        if self.show is None:
            self.members[url] = feed_members(address, limited(feed, self.limit))
        else:
            self.show(address, feed, self.limit)

    def _print_nothing(self, url: str) -> None:
        self.members[url] = {"url": without_login(url), "error": None, "is_unchanged": True, "entries": []}


def _name(url: str) -> str:
    return f"listed:{hashlib.sha256(url.encode('utf-8', 'surrogateescape')).hexdigest()[:40]}"
