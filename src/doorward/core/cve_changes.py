"""What happened to a vulnerability: that it is new, or what of it changed."""

import enum
from dataclasses import dataclass

from doorward.core.vulnerabilities import Vulnerability

EPSS_STEP = 0.1
"""A smaller move of EPSS is nobody's news: it moves a little each day."""


class ChangeKind(enum.Enum):
    """What can happen that somebody may want to be told."""

    NEW = "new"
    SCORE = "score"
    EXPLOITED = "exploited"
    EXPOSED = "exposed"
    FIX = "fix"
    EPSS = "epss"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """
    One thing that happened to one vulnerability.

    Attributes:
        kind: what.
        before: what stood there; empty for nothing. A score as `7.5`, an exposure as `glibc 2.36-9`, EPSS
            as `0.12`, with all of its decimals.
        after: what stands there now: a day for `exploited`, a package and the version to take for `fix`.
    """

    kind: ChangeKind
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotedChange:
    """
    A change as the store keeps it.

    Attributes:
        number: they count up in the order in which they were noted; no two have the same.
        id: of the vulnerability.
        at: in seconds since the epoch.
    """

    number: int
    id: str
    at: float
    change: Change


def changes_between(before: Vulnerability | None, after: Vulnerability) -> tuple[Change, ...]:
    """
    What happened between two states of one vulnerability; nothing but `new` of one that was not there.

    A changed text is nothing that happened, and neither is a package that was upgraded or removed.
    """
    if before is None:
        return (Change(kind=ChangeKind.NEW),)
    return (
        *_score_change(before, after),
        *_exploited_change(before, after),
        *_exposure_changes(before, after),
        *epss_change(_epss_of(before), _epss_of(after)),
        *_rejection(before, after),
    )


def epss_change(before: float | None, after: float | None) -> tuple[Change, ...]:
    """What happened between two scores of EPSS, None for nobody reckoned it; nothing below `EPSS_STEP`."""
    # it has five decimals: 0.4 is a step from 0.3, whatever the difference of their floats is
    if after is None or round(abs(after - (before or 0.0)), 5) < EPSS_STEP:
        return ()
    written = "" if before is None else _epss_written(before)
    return (Change(kind=ChangeKind.EPSS, before=written, after=_epss_written(after)),)


def _epss_written(score: float) -> str:
    """Not rounded: 0.999 is not 1.00."""
    digits = f"{score:.5f}"
    return digits[:4] + digits[4:].rstrip("0")


def _epss_of(vulnerability: Vulnerability) -> float | None:
    return None if vulnerability.epss is None else vulnerability.epss.score


def _score_change(before: Vulnerability, after: Vulnerability) -> tuple[Change, ...]:
    old = None if before.score is None else before.score.value
    new = None if after.score is None else after.score.value
    if new is None or old == new:
        return ()
    return (Change(kind=ChangeKind.SCORE, before="" if old is None else f"{old:.1f}", after=f"{new:.1f}"),)


def _exploited_change(before: Vulnerability, after: Vulnerability) -> tuple[Change, ...]:
    if after.exploited_since is None or before.exploited_since is not None:
        return ()
    return (Change(kind=ChangeKind.EXPLOITED, after=after.exploited_since.isoformat()),)


def _exposure_changes(before: Vulnerability, after: Vulnerability) -> tuple[Change, ...]:
    # several sources, or suites, may speak of one package
    fixes: dict[str, list[str]] = {}
    for each in before.exposures:
        fixes.setdefault(each.package, []).append(each.fixed)
    changes = []
    for each in after.exposures:
        were = fixes.get(each.package)
        if were is None:
            changes.append(Change(kind=ChangeKind.EXPOSED, after=f"{each.package} {each.installed}"))
        elif each.has_fix and each.fixed not in were:
            fixed = f"{each.package} {each.fixed}"
            changes.append(Change(kind=ChangeKind.FIX, before=were[0], after=fixed))
    return tuple(dict.fromkeys(changes))


def _rejection(before: Vulnerability, after: Vulnerability) -> tuple[Change, ...]:
    if before.is_rejected or not after.is_rejected:
        return ()
    return (Change(kind=ChangeKind.REJECTED),)
