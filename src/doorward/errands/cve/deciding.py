"""What of all that is known an errand tells: what is new to it, and what of it changed."""

import enum
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, timedelta

from doorward.core.cve_changes import Change, ChangeKind
from doorward.core.cve_errands import CveErrand, CveSourceKind
from doorward.core.cve_filters import CveFilter
from doorward.core.cve_matching import passes
from doorward.core.vulnerabilities import Account, Vulnerability
from doorward.errands.cve.told import Told, first_told, is_news, mark_of, news_of, told_by

RENEWED_DAYS = 30
"""A mark of what still passes gets the day's date this often, and not with each look."""

FORGOTTEN_DAYS = 400
"""What did not pass for so long is forgotten; should it come back, it is new."""

_TOLD = "told:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """
    A vulnerability of which something is to be told.

    Attributes:
        vulnerability: as it is now.
        changes: what happened; none for what the errand's filter did not want before, and wants as it is
            described now.
        is_first: nothing of it was told before.
    """

    vulnerability: Vulnerability
    changes: tuple[Change, ...]
    is_first: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """
    What is to be told, and to be noted with it.

    Attributes:
        new: nobody knew them before.
        changed: of these something happened.
        summed: those that were there already when the errand began, when a source answered it for the first
            time, or when its filter became another: they are counted, and the most urgent shown.
        news_of_known: of those among `summed` that were told before, by id, what a source that answers for
            the first time says that was not told.
        marks: of what is told from now on.
        forgotten: marks that have had their time.
    """

    new: tuple[Vulnerability, ...] = ()
    changed: tuple[Changed, ...] = ()
    summed: tuple[Vulnerability, ...] = ()
    news_of_known: Mapping[str, tuple[Change, ...]] = field(default_factory=dict)
    marks: Mapping[str, str] = field(default_factory=dict)
    forgotten: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginnings:
    """
    What is not news because it begins only now.

    Attributes:
        fresh: keys of sources that answer this errand for the first time.
        silent: keys of sources that never did yet: what stands in a half of their answer is told with the
            whole.
        has_other_filter: the errand looked for something else before.
    """

    fresh: frozenset[str] = frozenset()
    silent: frozenset[str] = frozenset()
    has_other_filter: bool = False

    @property
    def unsettled(self) -> frozenset[str]:
        """Sources whose word is no news yet."""
        return self.fresh | self.silent


def told_in(known: Mapping[str, str]) -> dict[str, Told]:
    """What was told, by id, out of the marks of an errand."""
    return {key.removeprefix(_TOLD): told_by(mark) for key, mark in known.items() if key.startswith(_TOLD)}


def filter_of(errand: CveErrand) -> CveFilter:
    """What the errand tells of: what passes its filter, and one of its sources tells of."""
    return replace(errand.filter, sources=account_sources(errand))


def filter_digest(errand: CveErrand) -> str:
    """What tells the filter of an errand from another one; its sources have no part in it."""
    members = asdict(errand.filter) | {"sources": []}
    return hashlib.sha256(json.dumps(members, sort_keys=True).encode()).hexdigest()[:40]


def account_sources(errand: CveErrand) -> frozenset[str]:
    """The keys of the sources that tell of vulnerabilities; EPSS only reckons those of others."""
    return frozenset(each.key for each in errand.sources if each.kind is not CveSourceKind.EPSS)


class _Place(enum.Enum):
    """Where one belongs of which nothing was told yet."""

    NEW = enum.auto()
    CHANGED = enum.auto()
    SUMMED = enum.auto()
    NOWHERE_YET = enum.auto()


class Deciding:
    """
    One decision in the making: what is known is looked at a part at a time, and what needs no word is let go.

    Args:
        errand: whose filter counts.
        told: as `told_in` has it.
        noted: by id, what was noted since the last look of those that were not told.
        beginnings: what is not news because it begins only now.
        today: in UTC.
        most_told: of more than so many, what passes no longer is forgotten first, the longest ago before the
            others: a source that calls everything something else each time must not fill the room for all.
    """

    def __init__(
        self,
        errand: CveErrand,
        told: Mapping[str, Told],
        *,
        noted: Mapping[str, Sequence[Change]],
        beginnings: Beginnings,
        today: date,
        most_told: int,
    ) -> None:
        self._most_told = most_told
        self._wanted: set[str] = set()
        self._errand = errand
        self._told = told
        self._noted = noted
        self._beginnings = beginnings
        self._today = today
        self._own = account_sources(errand)
        self._oldest = today - timedelta(days=RENEWED_DAYS)
        self._new: dict[str, Vulnerability] = {}
        self._changed: dict[str, Changed] = {}
        self._summed: dict[str, Vulnerability] = {}
        self._news_of_known: dict[str, tuple[Change, ...]] = {}
        self._marks: dict[str, str] = {}

    def take_wanted(self, vulnerabilities: Iterable[Vulnerability]) -> None:
        """Look at some that pass the filter and were not withdrawn."""
        for each in vulnerabilities:
            self._wanted.add(each.id)
            before = self._told.get(each.id)
            if before is None:
                self._take_first(each, self._noted.get(each.id, ()))
            else:
                self._take_known(each, before)

    def take_withdrawn(self, vulnerabilities: Iterable[Vulnerability]) -> None:
        """Look at some that were told, and that somebody may have withdrawn since."""
        for each in vulnerabilities:
            before = self._told[each.id]
            if each.is_rejected and not before.is_rejected:
                changes = (Change(kind=ChangeKind.REJECTED),)
                self._changed[each.id] = Changed(vulnerability=each, changes=changes)
                self._note(each.id, replace(before, is_rejected=True, day=self._today))

    def decision(self) -> Decision:
        """What came of all that was looked at."""
        last = self._today - timedelta(days=FORGOTTEN_DAYS)
        over = len(self._told) + sum(key.removeprefix(_TOLD) not in self._told for key in self._marks)
        over -= self._most_told
        left = sorted(self._told.keys() - self._wanted, key=lambda name: self._told[name].day)
        gone = {name for name, each in self._told.items() if each.day < last}.union(left[: max(0, over)])
        return Decision(
            new=tuple(self._new.values()),
            changed=tuple(self._changed.values()),
            summed=tuple(self._summed.values()),
            news_of_known=self._news_of_known,
            marks=self._marks,
            forgotten=tuple(key for name in gone if (key := _TOLD + name) not in self._marks),
        )

    def _take_first(self, vulnerability: Vulnerability, changes: Sequence[Change]) -> None:
        match self._place(vulnerability, changes):
            case _Place.NEW:
                self._new[vulnerability.id] = vulnerability
            case _Place.CHANGED:
                reasons = tuple(filter(is_news, changes))
                changed = Changed(vulnerability=vulnerability, changes=reasons, is_first=True)
                self._changed[vulnerability.id] = changed
            case _Place.SUMMED:
                self._summed[vulnerability.id] = vulnerability
            case _Place.NOWHERE_YET:
                return
        self._note(vulnerability.id, first_told(vulnerability, self._today))

    def _take_known(self, vulnerability: Vulnerability, before: Told) -> None:
        beginnings = self._beginnings
        # what is told, and so marked: what a silent source, or one that is not asked, says is neither
        said = self._said_by(vulnerability, self._own - beginnings.silent)
        if said is None:
            after = before
        else:
            after = before.with_all_of(said, self._today)
            if news := news_of(before, said):
                self._take_news(vulnerability, before, news)
        if after is not before or before.day < self._oldest:
            self._note(vulnerability.id, replace(after, day=self._today))

    def _take_news(self, vulnerability: Vulnerability, before: Told, news: tuple[Change, ...]) -> None:
        settled = self._said_by(vulnerability, self._own - self._beginnings.unsettled)
        if settled is not None and news_of(before, settled):
            self._changed[vulnerability.id] = Changed(vulnerability=vulnerability, changes=news)
        else:
            self._summed[vulnerability.id] = vulnerability
            self._news_of_known[vulnerability.id] = news

    def _said_by(self, vulnerability: Vulnerability, sources: frozenset[str]) -> Vulnerability | None:
        return _part_of(vulnerability, lambda account: account.source in sources)

    def _note(self, name: str, told: Told) -> None:
        self._marks[_TOLD + name] = mark_of(told)

    def _place(self, vulnerability: Vulnerability, changes: Sequence[Change]) -> _Place:
        if not self._passes_without_beginnings(vulnerability):
            return _Place.SUMMED if self._begins_with(vulnerability) else _Place.NOWHERE_YET
        if any(change.kind is ChangeKind.NEW for change in changes):
            return _Place.NEW
        if self._beginnings.has_other_filter and not any(map(is_news, changes)):
            return _Place.SUMMED
        return _Place.CHANGED

    def _passes_without_beginnings(self, vulnerability: Vulnerability) -> bool:
        unsettled = self._beginnings.unsettled & {each.key for each in self._errand.sources}
        known = _part_of(vulnerability, lambda account: account.source not in unsettled)
        if known is None or not any(account.source in self._own for account in known.accounts):
            return False
        if CveSourceKind.EPSS.value in unsettled:
            known = replace(known, epss=None)
        return passes(known, self._errand.filter)

    def _begins_with(self, vulnerability: Vulnerability) -> bool:
        fresh = self._beginnings.fresh
        return CveSourceKind.EPSS.value in fresh or any(
            each.source in fresh for each in vulnerability.accounts
        )


def _part_of(vulnerability: Vulnerability, is_of: Callable[[Account], bool]) -> Vulnerability | None:
    """`vulnerability` by some of its accounts; None by none."""
    accounts = tuple(filter(is_of, vulnerability.accounts))
    if accounts == vulnerability.accounts:
        return vulnerability
    return replace(vulnerability, accounts=accounts) if accounts else None
