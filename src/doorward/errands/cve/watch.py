"""Watching vulnerabilities: what matters is told once, whatever fails on the way."""

import asyncio
import hashlib
import json
import logging
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Iterable,
    Mapping,
    Sequence,
)
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Protocol

from doorward.core.cve_changes import Change, ChangeKind
from doorward.core.cve_errands import CveErrand, CveSource
from doorward.core.cve_filters import CveOrder, CveQuery
from doorward.core.errors import DoorwardError, NoRoom, SourceError, StateError, fault_of
from doorward.core.fetching import without_login
from doorward.core.mail import Mail
from doorward.core.moments import day_utc
from doorward.core.ports import SeenStore, VulnerabilityStore
from doorward.core.vulnerabilities import Vulnerability
from doorward.errands.composing import Draft
from doorward.errands.cve.deciding import (
    Beginnings,
    Deciding,
    Decision,
    filter_digest,
    filter_of,
    told_in,
)
from doorward.errands.cve.digest import Look, SourceLook, digest_of
from doorward.errands.cve.updates import AccountsUpdate, CveUpdate
from doorward.errands.health import health_in, health_key, health_mark

_log = logging.getLogger("doorward.errands")

AT_A_TIME = 2_000
"""So many vulnerabilities are asked of the store at a time: each may have some kilobytes of text."""

CHANGES_AT_A_TIME = 10_000

SOURCE_SECONDS = 2 * 3600.0
"""
So long one source is heard. NVD whole, without a key, takes half an hour; one that goes on and on would have
the whole look ended, and nothing told of the others.
"""

MOST_TOLD = 900_000
"""So many told ones are remembered; `seen_marks` has room for more."""

_CHANGE = "change"
_LOOKED = "looked"
_FILTER = "filter"
_REACH = "reach"
_SOURCE = health_key("")


class Sources(Protocol):
    """Where what is known comes from; `CveSources` is one."""

    def look(self, source: CveSource, marks: Mapping[str, str]) -> AsyncGenerator[CveUpdate, None]:
        """As `CveSources.look`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CveWatched:
    """
    What came of one look.

    Attributes:
        sources: how each source was.
        decision: what is told.
        is_first: the errand looked for the first time, and a source answered.
        text: the digest; empty when there is nothing to tell.
        mails: their numbers in the queue.
        troubles: why sources did not answer, by their keys.
    """

    sources: tuple[SourceLook, ...]
    decision: Decision
    is_first: bool = False
    text: str = ""
    mails: tuple[int, ...] = ()
    troubles: Mapping[str, DoorwardError]


@dataclass(frozen=True, slots=True)
class _Answer:
    """What asking one source came to: how many entries there were, and why it failed if it did."""

    entries: int
    notes: tuple[str, ...]
    trouble: DoorwardError | None


class CveWatch:
    """
    Looks at vulnerabilities, one look of an errand at a time.

    Args:
        sources: asked.
        known: keeps what they say.
        seen: keeps what was told, and takes the mail with it.
        compose: makes a message of what is to be said.
        wall_seconds: the time.
        tell: is told how many entries of a source there are so far, with each page.
        source_seconds: how long one source is heard, with all of its pages.
        most_told: how many told ones are remembered.
    """

    def __init__(
        self,
        *,
        sources: Sources,
        known: VulnerabilityStore,
        seen: SeenStore,
        compose: Callable[[Draft], Awaitable[Mail]],
        wall_seconds: Callable[[], float],
        tell: Callable[[CveSource, int], None] = lambda _source, _entries: None,
        source_seconds: float = SOURCE_SECONDS,
        most_told: int = MOST_TOLD,
    ) -> None:
        self._source_seconds = source_seconds
        self._most_told = most_told
        self._sources = sources
        self._known = known
        self._seen = seen
        self._compose = compose
        self._wall_seconds = wall_seconds
        self._tell = tell

    async def look(self, errand: CveErrand) -> CveWatched:
        """
        Ask every source once, each apart, and put what is new and what changed into the mail.

        What they say is noted page by page. What is told is noted in one transaction with the mail that tells
        it: after a crash at any point, the next look tells what this one would have told. A source that fails
        changes nothing of what it said before, and is told after `tell_after` times in a row, once.

        Raises:
            StateError: something could not be noted. Nothing is told then, and all is told next time.
            MailError: there is nobody to tell it to; the same holds.
        """
        known = await self._seen.seen(_name(errand))
        answers = await self._ask_all(errand)
        now = self._wall_seconds()
        sources = tuple(_looked(errand, key, answer, known, now) for key, answer in answers.items())
        own_filter = filter_digest(errand)
        look = Look(
            sources=sources,
            since_at=float(known[_LOOKED]) if _LOOKED in known else None,
            has_other_filter=known.get(_FILTER, own_filter) != own_filter,
        )
        newest = await self._known.last_change()
        reach = await self._reach(errand, newest)
        # a text that changed is no change to the store, but what it says now may be what is looked for
        is_same = known.get(_REACH) == reach and known.get(_FILTER) == own_filter
        if is_same and not any(each.is_fresh for each in sources):
            decision = Decision()
        else:
            decision = await self._decided(errand, known, look, newest)
        draft = await asyncio.to_thread(digest_of, errand, decision, look)
        number = await self._seen.commit(
            _name(errand),
            {**decision.marks, **_marks(errand, look, newest, now), _REACH: reach},
            await self._compose(draft) if draft is not None and errand.mails else None,
            forgotten=(*decision.forgotten, *_left(errand, known)),
        )
        return CveWatched(
            sources=sources,
            decision=decision,
            is_first=look.since_at is None and any(each.after.is_settled for each in sources),
            text="" if draft is None else draft.text,
            mails=() if number is None else (number,),
            troubles={key: answer.trouble for key, answer in answers.items() if answer.trouble is not None},
        )

    async def _reach(self, errand: CveErrand, newest: int) -> str:
        """What is the same for as long as nothing was noted that this errand could tell, by whomever."""
        marks = {source.key: dict(await self._known.marks(source.key)) for source in errand.sources}
        told = json.dumps([newest, marks], sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()[:40]

    async def _ask_all(self, errand: CveErrand) -> dict[str, _Answer]:
        """What came of each source, by its key, in the order of the errand."""
        async with asyncio.TaskGroup() as group:
            asking = {source.key: group.create_task(self._ask(source)) for source in errand.sources}
        answers = {key: task.result() for key, task in asking.items()}
        for answer in answers.values():
            # what has no room is the matter of who says so much; without a state nobody can be told anything
            if isinstance(answer.trouble, StateError) and not isinstance(answer.trouble, NoRoom):
                raise answer.trouble
        return answers

    async def _ask(self, source: CveSource) -> _Answer:
        entries = 0
        notes: list[str] = []
        trouble: DoorwardError | None = None
        try:
            marks = await self._known.marks(source.key)
            async with (
                asyncio.timeout(self._source_seconds),
                aclosing(self._sources.look(source, marks)) as updates,
            ):
                async for update in updates:
                    entries += await self._noted(update)
                    notes += update.notes
                    self._tell(source, entries)
        except TimeoutError:
            problem = f"it had not said all after {self._source_seconds:g} s"
            trouble = SourceError(without_login(source.url), problem)
        except DoorwardError as error:
            trouble = error
        except MemoryError:
            problem = "what came takes more memory than there is for it"
            trouble = SourceError(without_login(source.url), problem)
        except Exception as error:  # noqa: BLE001 - logged; the other sources are heard all the same
            _log.exception("%s could not be read", source.key)
            trouble = SourceError(without_login(source.url), fault_of(error))
        return _Answer(entries, tuple(notes), trouble)

    async def _noted(self, update: CveUpdate) -> int:
        if isinstance(update, AccountsUpdate):
            await self._note_parts(update)
            await self._known.note(update.source, update.accounts, marks=update.marks, is_all=update.is_all)
            return len(update.accounts)
        await self._known.note_epss(update.scores, marks=update.marks)
        return len(update.scores)

    async def _note_parts(self, update: AccountsUpdate) -> None:
        """
        Note an answer that is long in parts, so that whoever wants to write waits for one of them at most.

        The marks stay as they are: a crash has it asked for again, as a page of NVD is.
        """
        accounts = update.accounts
        if len(accounts) <= AT_A_TIME:
            return
        marks = await self._known.marks(update.source)
        for at in range(0, len(accounts), AT_A_TIME):
            part = accounts[at : at + AT_A_TIME]
            await self._known.note(update.source, part, marks=marks, is_all=False)

    async def _decided(
        self, errand: CveErrand, known: Mapping[str, str], look: Look, newest: int
    ) -> Decision:
        told = await asyncio.to_thread(told_in, known)
        since = min(int(known.get(_CHANGE, newest)), newest)
        noted, rejected = await self._changes(since, newest, told)
        beginnings = Beginnings(
            fresh=frozenset(each.source for each in look.sources if each.is_fresh),
            silent=frozenset(each.source for each in look.sources if not each.after.is_settled),
            has_other_filter=look.has_other_filter,
        )
        today = day_utc(self._wall_seconds())
        deciding = Deciding(
            errand, told, noted=noted, beginnings=beginnings, today=today, most_told=self._most_told
        )
        wanted = CveQuery(filter=filter_of(errand), order=CveOrder.ID, most=AT_A_TIME)
        # what another process notes meanwhile may move from one part to another: it is found next time
        async for some in self._parts(wanted):
            await asyncio.to_thread(deciding.take_wanted, some)
        if rejected:
            withdrawn = CveQuery(ids=rejected, order=CveOrder.ID, with_rejected=True, most=AT_A_TIME)
            async for some in self._parts(withdrawn):
                await asyncio.to_thread(deciding.take_withdrawn, some)
        return await asyncio.to_thread(deciding.decision)

    async def _changes(
        self, after: int, newest: int, told: Collection[str]
    ) -> tuple[Mapping[str, Sequence[Change]], frozenset[str]]:
        """What was noted of those that were not told, and which of those that were told became rejected."""
        noted: dict[str, list[Change]] = {}
        rejected: set[str] = set()
        while after < newest:
            some = await self._known.changes(after, most=CHANGES_AT_A_TIME)
            if not some:
                break
            for each in some:
                if each.id not in told:
                    noted.setdefault(each.id, []).append(each.change)
                elif each.change.kind is ChangeKind.REJECTED:
                    rejected.add(each.id)
            after = some[-1].number
        return noted, frozenset(rejected)

    async def _parts(self, query: CveQuery) -> AsyncIterator[Sequence[Vulnerability]]:
        """All that `query` asks for, so many at a time."""
        total = 1
        while query.offset < total:
            listing = await self._known.search(query)
            total = listing.total
            yield listing.found
            query = replace(query, offset=query.offset + query.most)


def _looked(
    errand: CveErrand, source: str, answer: _Answer, known: Mapping[str, str], now: float
) -> SourceLook:
    before = health_in(known, source)
    if answer.trouble is None:
        after = before.after_answer(now, answer.entries)
    else:
        after = before.after_failure(now, str(answer.trouble), tell_after=errand.tell_after)
    return SourceLook(source=source, before=before, after=after, notes=answer.notes)


def _marks(errand: CveErrand, look: Look, newest: int, now: float) -> dict[str, str]:
    """What the next look begins with, beside what was told."""
    marks = {health_key(each.source): health_mark(each.after) for each in look.sources}
    if any(each.after.is_settled for each in look.sources):
        marks |= {_CHANGE: str(newest), _LOOKED: str(now), _FILTER: filter_digest(errand)}
    return marks


def _left(errand: CveErrand, known: Iterable[str]) -> tuple[str, ...]:
    """Marks of sources that the errand has no more: should one come back, it begins again."""
    kept = {health_key(source.key) for source in errand.sources}
    return tuple(key for key in known if key.startswith(_SOURCE) and key not in kept)


def _name(errand: CveErrand) -> str:
    return f"cve:{errand.name}"
