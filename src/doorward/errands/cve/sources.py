"""Asking the sources of vulnerabilities, each in the way that it wants to be asked."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import assert_never

from doorward.core.cve_errands import DEFAULT_ADDRESSES, SECOND_ADDRESSES, CveSource, CveSourceKind
from doorward.core.errors import SourceError
from doorward.core.fetching import without_login
from doorward.core.installed import Installed
from doorward.core.ports import Fetcher, LenientReader
from doorward.core.secret import Secret
from doorward.errands.bounded_fetching import BoundedFetcher
from doorward.errands.cve.asking import BASIS, Document, Documents, Refused
from doorward.errands.cve.debian import parse_debian
from doorward.errands.cve.documents import Entries
from doorward.errands.cve.epss import parse_epss
from doorward.errands.cve.feed_accounts import accounts_of
from doorward.errands.cve.kev import parse_kev
from doorward.errands.cve.nvd_pages import NvdPages
from doorward.errands.cve.nvd_updates import nvd_updates
from doorward.errands.cve.updates import AccountsUpdate, CveUpdate, EpssUpdate
from doorward.errands.feed_source import FeedSource
from doorward.errands.feeds.parsing import FeedBounds
from doorward.errands.validators import marks_of_answer, validators_of

_JSON = "application/json, */*;q=0.1"
_CSV = "application/gzip, text/csv, */*;q=0.1"

_READING = "1"
"""Counted up when more is read of the same documents: they are had again then, changed or not."""

SECOND_BY_FIRST = {DEFAULT_ADDRESSES[kind]: second for kind, second in SECOND_ADDRESSES.items()}
"""Where to ask when the public address of a source refuses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CveBounds:
    """
    How much may come.

    Attributes:
        body_bytes: of one document, unpacked: of the tracker, of KEV, of a page of NVD, of EPSS.
        seconds: how long the fetching of one document may take, tries and all.
        feed: of what is a feed.
        feed_seconds: how long the fetching of a feed may take.
    """

    body_bytes: int = 128 * 1024 * 1024
    seconds: float = 300.0
    feed: FeedBounds = field(default_factory=FeedBounds)
    feed_seconds: float = 60.0


class CveSources:
    """
    Asks sources.

    Args:
        fetcher: gets documents.
        lenient: reads feeds that are no XML.
        installed: tells what this machine has; asked for the tracker of Debian alone. It raises SourceError
            on a machine that cannot tell.
        read_key: reads the file with a key of NVD; it raises SourceError for what cannot be used.
        wall_seconds: the time.
        sleep: waits so many seconds.
        bounds: how much may come.
        second_by_first: where to ask instead of an address that refuses.
    """

    def __init__(
        self,
        *,
        fetcher: Fetcher,
        lenient: LenientReader,
        installed: Callable[[], Awaitable[Installed]],
        read_key: Callable[[str], Awaitable[Secret]],
        wall_seconds: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        bounds: CveBounds | None = None,
        second_by_first: Mapping[str, str] = SECOND_BY_FIRST,
    ) -> None:
        self._bounds = bounds or CveBounds()
        self._fetcher = BoundedFetcher(
            fetcher=fetcher,
            most_bytes=self._bounds.body_bytes,
            seconds=self._bounds.seconds,
            limits="cve",
        )
        self._feeds = FeedSource(
            fetcher=fetcher,
            lenient=lenient,
            bounds=self._bounds.feed,
            seconds=self._bounds.feed_seconds,
        )
        self._installed = installed
        self._read_key = read_key
        self._wall_seconds = wall_seconds
        self._sleep = sleep
        self._second_by_first = second_by_first

    def look(self, source: CveSource, marks: Mapping[str, str]) -> AsyncGenerator[CveUpdate, None]:
        """
        Ask `source` once, and hand out what it says, page by page where it comes in pages.

        Note each update with its marks before the next is asked for, and close what is not gone through to
        its end (`contextlib.aclosing`). Nothing at all is handed out when the source says that nothing
        changed since `marks`. An error ends it: what was handed out before holds, and the next look begins
        where the last marks are.

        Args:
            source: which one, and where.
            marks: as they were noted last; empty the first time.

        Raises:
            ConnectError: it did not come.
            SourceError: what came is not what was asked for, or was refused; FeedError, a kind of it, of a
                feed; also that the key cannot be used, or this machine not be asked what it has. Nothing of
                the document that it tells of was handed out.
        """
        match source.kind:
            case CveSourceKind.KEV:
                return self._kev(source, marks)
            case CveSourceKind.NVD:
                return self._nvd(source, marks)
            case CveSourceKind.EPSS:
                return self._epss(source, marks)
            case CveSourceKind.DEBIAN:
                return self._debian(source, marks)
            case CveSourceKind.FEED:
                return self._feed(source, marks)
            case _:
                assert_never(source.kind)

    async def _kev(self, source: CveSource, marks: Mapping[str, str]) -> AsyncGenerator[CveUpdate, None]:
        document = await self._changed_somewhere(source.url, marks)
        if document is not None:
            entries = await asyncio.to_thread(parse_kev, document.body, url=document.url)
            yield _all_of(source, entries, document.marks)

    async def _changed_somewhere(self, url: str, marks: Mapping[str, str]) -> Document | None:
        """The document at `url`, or at the second address when the first refuses."""
        documents = self._documents(_JSON)
        try:
            return await documents.changed(url, marks, basis=_READING)
        except Refused as refused:
            second = self._second_by_first.get(url)
            if second is None:
                raise
            try:
                return await documents.changed(second, marks, basis=_READING)
            except Refused as again:
                problem = f"{refused.problem}, and so did {again.source}: {again.problem}"
                raise Refused(refused.source, problem, refused.next_step) from again

    async def _epss(self, source: CveSource, marks: Mapping[str, str]) -> AsyncGenerator[CveUpdate, None]:
        document = await self._documents(_CSV).changed(source.url, marks, basis=_READING)
        if document is not None:
            table = await asyncio.to_thread(
                parse_epss, document.body, url=document.url, most_bytes=self._bounds.body_bytes
            )
            yield EpssUpdate(source=source.key, scores=table, marks=document.marks, notes=table.notes)

    async def _debian(self, source: CveSource, marks: Mapping[str, str]) -> AsyncGenerator[CveUpdate, None]:
        installed = await self._installed()
        suite = source.suite or installed.suite
        if not suite:
            problem = "/etc/os-release does not say which release of Debian this is"
            raise SourceError(without_login(source.url), problem, "Name it as `suite`")
        basis = await asyncio.to_thread(_basis_of, installed, suite)
        document = await self._documents(_JSON).changed(source.url, marks, basis=basis)
        if document is not None:
            entries = await asyncio.to_thread(
                parse_debian,
                document.body,
                installed=installed,
                suite=suite,
                url=document.url,
            )
            yield _all_of(source, entries, document.marks)

    async def _feed(self, source: CveSource, marks: Mapping[str, str]) -> AsyncGenerator[CveUpdate, None]:
        known = validators_of(marks, source.url) if marks.get(BASIS) == _READING else None
        answer = await self._feeds.read(source.url, known)
        if answer.feed is not None:
            accounts = await asyncio.to_thread(accounts_of, answer.feed, source=source.key)
            # an entry may name a hundred
            most = self._bounds.feed.entries
            notes = [*answer.feed.notes]
            if len(accounts) > most:
                notes.append(f"it tells of {len(accounts)} vulnerabilities, the first {most} are read")
            yield AccountsUpdate(
                source=source.key,
                accounts=accounts[:most],
                marks={**marks_of_answer(source.url, answer.validators), BASIS: _READING},
                is_all=False,
                notes=tuple(notes),
            )

    async def _nvd(self, source: CveSource, marks: Mapping[str, str]) -> AsyncGenerator[CveUpdate, None]:
        pages = NvdPages(
            fetcher=self._fetcher,
            url=source.url,
            key=await self._read_key(source.key_file) if source.key_file else None,
            sleep=self._sleep,
        )
        now = datetime.fromtimestamp(self._wall_seconds(), UTC)
        async with aclosing(nvd_updates(source, marks, pages=pages, now=now)) as updates:
            async for update in updates:
                yield update

    def _documents(self, accepted: str) -> Documents:
        return Documents(fetcher=self._fetcher, accepted=accepted)


def _all_of(source: CveSource, entries: Entries, marks: Mapping[str, str]) -> AccountsUpdate:
    return AccountsUpdate(
        source=source.key, accounts=entries.accounts, marks=marks, is_all=True, notes=entries.notes
    )


def _basis_of(installed: Installed, suite: str) -> str:
    """What changes when the same tracker says something else of this machine."""
    told = hashlib.sha256(f"{_READING}\n{suite}\n".encode())
    for package in installed.packages:
        told.update(f"{package.name} {package.version} {' '.join(package.binaries)}\n".encode())
    return told.hexdigest()
