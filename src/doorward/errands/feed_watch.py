"""Watching a feed: what is new is told once, whatever fails on the way."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from doorward.core.errors import ConnectError, FeedError
from doorward.core.feed_errands import FeedErrand, is_wanted
from doorward.core.feeds import Feed
from doorward.core.mail import Mail
from doorward.core.moments import day_utc
from doorward.core.ports import SeenStore
from doorward.errands.composing import Draft
from doorward.errands.feed_digest import digest_of, recovery_of, summary_of, trouble_with
from doorward.errands.feed_marks import Judged, judge_entries
from doorward.errands.feed_source import FeedAnswer
from doorward.errands.health import health_in, health_key, health_mark
from doorward.errands.validators import Validators, marks_of_answer, validators_of


class Feeds(Protocol):
    """Where feeds come from; `FeedSource` is one."""

    async def read(self, url: str, known: Validators | None = None) -> FeedAnswer:
        """As `FeedSource.read`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """
    What came of one look at a feed.

    Attributes:
        entries: how many are in the feed; 0 when it did not change.
        new: how many of them were not there before.
        told: how many of the new ones a mail tells of.
        is_first: the feed was not watched before.
        is_unchanged: the server said that nothing changed.
        mails: their numbers in the queue.
        notes: those of the feed.
    """

    entries: int = 0
    new: int = 0
    told: int = 0
    is_first: bool = False
    is_unchanged: bool = False
    mails: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()


class FeedWatch:
    """
    Looks at feeds, one at a time of the same name.

    Args:
        feeds: gets and reads them.
        seen: keeps what was told, and takes the mail with it.
        compose: makes a message of what is to be said.
        wall_seconds: the time.
    """

    def __init__(
        self,
        *,
        feeds: Feeds,
        seen: SeenStore,
        compose: Callable[[Draft], Awaitable[Mail]],
        wall_seconds: Callable[[], float],
    ) -> None:
        self._feeds = feeds
        self._seen = seen
        self._compose = compose
        self._wall_seconds = wall_seconds

    async def look(self, errand: FeedErrand) -> Watched:
        """
        Ask for the feed once, and put what is new into the mail.

        What is seen is noted in one transaction with the mail that tells it, together with what the server is
        asked next time. A failure changes nothing of that: it is counted elsewhere.

        Raises:
            ConnectError, FeedError: the feed could not be had; after `tell_after` times in a row a mail says
                so, once.
            StateError: what was seen could not be noted. Nothing is told then, and all is new next time.
            MailError: there is nobody to tell it to; the same holds.
        """
        known = await self._seen.seen(_name(errand))
        try:
            answer = await self._feeds.read(errand.url, validators_of(known, errand.url))
        except (ConnectError, FeedError) as error:
            await self._note_failure(errand, error)
            raise
        recovered = await self._note_recovery(errand)
        if answer.feed is None:
            return Watched(is_unchanged=True, mails=recovered)
        # thousands of hashes and words: not on the loop
        today = day_utc(self._wall_seconds())
        decision = await asyncio.to_thread(_decide, errand, answer.feed, known, today)
        judged, draft = decision.judged, decision.draft
        number = await self._seen.commit(
            _name(errand),
            {**judged.marks, **marks_of_answer(errand.url, answer.validators)},
            await self._compose(draft) if draft is not None else None,
            forgotten=judged.forgotten,
        )
        return Watched(
            entries=len(answer.feed.entries),
            new=len(judged.new),
            told=decision.told,
            is_first=judged.is_first,
            mails=(*recovered, *_numbers(number)),
            notes=answer.feed.notes,
        )

    async def _note_failure(self, errand: FeedErrand, error: ConnectError | FeedError) -> None:
        before = health_in(await self._seen.seen(_trouble(errand)), errand.kind)
        after = before.after_failure(self._wall_seconds(), str(error), tell_after=errand.tell_after)
        mail = None
        if after.is_told and not before.is_told:
            mail = await self._compose(trouble_with(errand, str(error), after))
        await self._seen.commit(_trouble(errand), {health_key(errand.kind): health_mark(after)}, mail)

    async def _note_recovery(self, errand: FeedErrand) -> tuple[int, ...]:
        trouble = await self._seen.seen(_trouble(errand))
        if not trouble:
            return ()
        before = health_in(trouble, errand.kind)
        mail = await self._compose(recovery_of(errand, before)) if before.is_told else None
        return _numbers(await self._seen.commit(_trouble(errand), {}, mail, forgotten=tuple(trouble)))


@dataclass(frozen=True, slots=True)
class _Decision:
    judged: Judged
    told: int
    draft: Draft | None


def _decide(errand: FeedErrand, feed: Feed, known: Mapping[str, str], today: date) -> _Decision:
    judged = judge_entries(feed.entries, known, url=errand.url, today=today)
    wanted = tuple(entry for entry in judged.new if is_wanted(entry, errand.words))
    if judged.is_first:
        return _Decision(judged, 0, summary_of(errand, feed, wanted))
    return _Decision(judged, len(wanted), digest_of(errand, feed, wanted) if wanted else None)


def _numbers(number: int | None) -> tuple[int, ...]:
    return () if number is None else (number,)


def _name(errand: FeedErrand) -> str:
    return f"feed:{errand.name}"


def _trouble(errand: FeedErrand) -> str:
    return f"feed-trouble:{errand.name}"
