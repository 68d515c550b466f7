"""What an errand has told of a vulnerability: a mark by which the same is never told twice."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from doorward.core.cve_changes import Change, ChangeKind
from doorward.core.vulnerabilities import UNSCORED_AS, Exposure, Vulnerability

_MOST_EXPOSURES = 50
_DIGEST_CHARACTERS = 8
"""Of a package: fifty of them, and as many fixes, have room in one mark of `SeenStore`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """
    What somebody was told of one vulnerability, by itself or in a summary; it only ever grows.

    Attributes:
        day: when this was noted, in UTC.
        score: the highest; None while nobody had scored it.
        is_exploited: that it is exploited.
        is_rejected: that it was withdrawn.
        exposed: digests of the packages of this machine that are vulnerable.
        fixes: digests of the versions to upgrade to.
    """

    day: date
    score: float | None = None
    is_exploited: bool = False
    is_rejected: bool = False
    exposed: frozenset[str] = frozenset()
    fixes: frozenset[str] = frozenset()

    def with_all_of(self, vulnerability: Vulnerability, today: date) -> "Told":
        """What is told when `vulnerability` is told as it is; the same value when that is nothing more."""
        told = replace(
            self,
            score=_higher(self.score, vulnerability),
            is_exploited=self.is_exploited or vulnerability.exploited_since is not None,
            is_rejected=self.is_rejected or vulnerability.is_rejected,
            exposed=self.exposed | _exposed(vulnerability.exposures),
            fixes=self.fixes | _fixes(vulnerability.exposures),
        )
        return self if told == self else replace(told, day=today)


def first_told(vulnerability: Vulnerability, today: date) -> Told:
    """What is told with a vulnerability that was not told before."""
    return Told(day=today).with_all_of(vulnerability, today)


def news_of(told: Told, vulnerability: Vulnerability) -> tuple[Change, ...]:
    """
    What is to be told of `vulnerability` to whoever knows what was `told`.

    A score that is lower is no news, and neither is a first score of `UNSCORED_AS` or less. What went away
    and came back was told once: that it is exploited, on this machine, or mended in a version.
    """
    return (
        *_raised(told, vulnerability),
        *_newly_exploited(told, vulnerability),
        *_newly_here(told, vulnerability),
        *((Change(kind=ChangeKind.REJECTED),) if vulnerability.is_rejected and not told.is_rejected else ()),
    )


def is_news(change: Change) -> bool:
    """Whether a change that was noted matters to somebody to whom the vulnerability was not told before."""
    match change.kind:
        case ChangeKind.SCORE:
            before = float(change.before) if change.before else UNSCORED_AS
            return float(change.after) > before
        case ChangeKind.NEW | ChangeKind.REJECTED:
            return False
        case _:
            return True


def mark_of(told: Told) -> str:
    """`told` as a mark for `SeenStore`, in fewer than a thousand characters."""
    members = {
        "day": told.day.isoformat(),
        "score": told.score,
        "is": "x" * told.is_exploited + "r" * told.is_rejected,
        "here": "".join(sorted(told.exposed)[:_MOST_EXPOSURES]),
        "fix": "".join(sorted(told.fixes)[:_MOST_EXPOSURES]),
    }
    return json.dumps({name: value for name, value in members.items() if value not in ("", None)})


def told_by(mark: str) -> Told:
    """What `mark_of` wrote."""
    members = json.loads(mark)
    flags = members.get("is", "")
    return Told(
        day=date.fromisoformat(members["day"]),
        score=members.get("score"),
        is_exploited="x" in flags,
        is_rejected="r" in flags,
        exposed=_digests_in(members.get("here", "")),
        fixes=_digests_in(members.get("fix", "")),
    )


def _raised(told: Told, vulnerability: Vulnerability) -> tuple[Change, ...]:
    score = vulnerability.score
    if score is None or score.value <= (UNSCORED_AS if told.score is None else told.score):
        return ()
    before = "" if told.score is None else f"{told.score:.1f}"
    return (Change(kind=ChangeKind.SCORE, before=before, after=f"{score.value:.1f}"),)


def _newly_exploited(told: Told, vulnerability: Vulnerability) -> tuple[Change, ...]:
    since = vulnerability.exploited_since
    if since is None or told.is_exploited:
        return ()
    return (Change(kind=ChangeKind.EXPLOITED, after=since.isoformat()),)


def _newly_here(told: Told, vulnerability: Vulnerability) -> tuple[Change, ...]:
    # a mark has room for so many, and what it has no room for is not told again and again
    if len(told.exposed) >= _MOST_EXPOSURES or len(told.fixes) >= _MOST_EXPOSURES:
        return ()
    changes = []
    for each in vulnerability.exposures:
        if _digest(each.package) not in told.exposed:
            changes.append(Change(kind=ChangeKind.EXPOSED, after=f"{each.package} {each.installed}"))
        elif each.has_fix and _digest(each.package, each.fixed) not in told.fixes:
            changes.append(Change(kind=ChangeKind.FIX, after=f"{each.package} {each.fixed}"))
    # several sources, or suites, may speak of one package
    return tuple(dict.fromkeys(changes))


def _higher(told: float | None, vulnerability: Vulnerability) -> float | None:
    if vulnerability.score is None:
        return told
    return max(vulnerability.score.value, 0.0 if told is None else told)


def _exposed(exposures: Iterable[Exposure]) -> frozenset[str]:
    return frozenset(_digest(each.package) for each in exposures)


def _fixes(exposures: Iterable[Exposure]) -> frozenset[str]:
    return frozenset(_digest(each.package, each.fixed) for each in exposures if each.has_fix)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:_DIGEST_CHARACTERS]


def _digests_in(text: str) -> frozenset[str]:
    return frozenset(text[at : at + _DIGEST_CHARACTERS] for at in range(0, len(text), _DIGEST_CHARACTERS))
