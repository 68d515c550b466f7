"""What a store lists, with what of it is still true of the packages that are installed now."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from doorward.core.cve_filters import CveFilter, CveListing, CveQuery
from doorward.core.errors import SourceError
from doorward.core.installed import Installed
from doorward.core.vulnerabilities import Exposed, Vulnerability

if TYPE_CHECKING:
    from doorward.core.ports import VulnerabilityStore

AskInstalled = Callable[[], Awaitable[Installed]]

MOST_EXPOSED = 20_000
"""A list of what is installed is judged anew as a whole; a machine has some thousands of them at most."""

JUDGED_AT_A_TIME = 2_000
"""Each may have a hundred kilobytes of text, and of most of them only the number is wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """
    An answer to a query.

    Attributes:
        query: what was asked for.
        found: `query.most` of them at most.
        total: how many pass, shown or not.
        unscored: how many of `total` have no score.
        is_empty: nothing at all is known: no source was ever asked.
        note: why packages stand there as they were found when the sources were asked last; empty when they
            were looked at now.
    """

    query: CveQuery
    found: tuple[Vulnerability, ...]
    total: int
    unscored: int
    is_empty: bool = False
    note: str = ""


async def listed(store: "VulnerabilityStore", query: CveQuery, installed: AskInstalled) -> Listed:
    """
    Hand out what `query` asks for.

    Args:
        store: what is known.
        query: with a filter for installed packages, what was upgraded or removed since is left out.
        installed: asked only when a package has a part in the answer; a SourceError of it becomes a note.

    Raises:
        StateError: the store cannot be read.
    """
    if query.filter.installed or query.filter.fixable:
        listing, note = await _still_exposed(store, query, installed)
    else:
        listing = await store.search(query)
        found, note = await current(listing.found, installed)
        listing = replace(listing, found=found)
    return Listed(
        query=query,
        found=listing.found,
        total=listing.total,
        unscored=listing.unscored,
        is_empty=not listing.total and not await _knows_any(store),
        note=note,
    )


async def current(
    vulnerabilities: Iterable[Vulnerability], installed: AskInstalled
) -> tuple[tuple[Vulnerability, ...], str]:
    """The same with the exposures that are left now, and why that is not known; empty when it is."""
    found = tuple(vulnerabilities)
    if not any(each.exposures for each in found):
        return found, ""
    try:
        now = await installed()
    except SourceError as error:
        return found, str(error)
    # thousands of versions are compared, and no loop waits for that
    return await asyncio.to_thread(_judged_all, found, now), ""


async def _still_exposed(
    store: "VulnerabilityStore", query: CveQuery, installed: AskInstalled
) -> tuple[CveListing, str]:
    """What passes by the packages of now, and why that is not known; empty when it is."""
    asking = _asked_once(installed)
    found: list[Vulnerability] = []
    total = unscored = offset = 0
    note, known = "", 1
    while offset < min(known, MOST_EXPOSED):
        listing = await store.search(replace(query, most=JUDGED_AT_A_TIME, offset=offset))
        judged, note = await current(listing.found, asking)
        left = [each for each in judged if _passes(each, query.filter)]
        first, last = query.offset - total, query.offset + query.most - total
        found += left[max(0, first) : max(0, last)]
        total += len(left)
        unscored += sum(each.score is None for each in left)
        known, offset = listing.total, offset + JUDGED_AT_A_TIME
    return CveListing(found=tuple(found), total=total, unscored=unscored), note


def _asked_once(installed: AskInstalled) -> AskInstalled:
    """The same, asked once however often its answer is wanted."""
    answers: list[Installed] = []

    async def asked() -> Installed:
        if not answers:
            answers.append(await installed())
        return answers[0]

    return asked


def _passes(vulnerability: Vulnerability, cve_filter: CveFilter) -> bool:
    return vulnerability.exposed >= (Exposed.WITH_FIX if cve_filter.fixable else Exposed.WITHOUT_FIX)


def _judged_all(vulnerabilities: Iterable[Vulnerability], now: Installed) -> tuple[Vulnerability, ...]:
    # most lists have no package, and would wait for what it brings in
    from doorward.errands.cve.exposing import still_exposed

    def judged(vulnerability: Vulnerability) -> Vulnerability:
        if not vulnerability.exposures:
            return vulnerability
        accounts = tuple(
            replace(account, exposures=still_exposed(account.exposures, now))
            for account in vulnerability.accounts
        )
        return replace(vulnerability, accounts=accounts)

    return tuple(map(judged, vulnerabilities))


async def _knows_any(store: "VulnerabilityStore") -> bool:
    return (await store.search(CveQuery(with_rejected=True, most=1))).total > 0
