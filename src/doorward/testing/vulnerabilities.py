"""What is known of vulnerabilities, in memory, and every rule as `core` words it."""

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from doorward.core.cve_bounds import accounts_by_key, bounded, most_told_by
from doorward.core.cve_changes import Change, NotedChange, changes_between, epss_change
from doorward.core.cve_counting import counted, month_bounds
from doorward.core.cve_filters import CveCounts, CveListing, CveOrder, CveQuery
from doorward.core.cve_ids import cve_number, key_of_id
from doorward.core.cve_matching import is_asked_for, order_key
from doorward.core.errors import NoRoom, StateError
from doorward.core.limits import Limits
from doorward.core.ports import Clock
from doorward.core.vulnerabilities import Account, Epss, Vulnerability

_DAY_SECONDS = 86_400


@dataclass(slots=True)
class _Known:
    first_seen_at: float
    changed_at: float
    told_epss: float | None
    accounts: dict[str, Account] = field(default_factory=dict)


class MemoryVulnerabilities:
    """
    A `VulnerabilityStore` that keeps everything in memory.

    Attributes:
        failure: raised by all that writes while it is set.
    """

    def __init__(self, clock: Clock, limits: Limits | None = None) -> None:
        self.failure: StateError | None = None
        self._clock = clock
        self._limits = limits if limits is not None else Limits()
        self._known: dict[str, _Known] = {}
        self._epss: dict[str, Epss] = {}
        self._changes: list[NotedChange] = []
        self._numbers = itertools.count(1)
        self._last_change = 0
        self._marks: dict[str, dict[str, str]] = {}

    async def marks(self, source: str) -> Mapping[str, str]:
        return dict(self._marks.get(source, {}))

    async def note(
        self, source: str, accounts: Iterable[Account], *, marks: Mapping[str, str], is_all: bool
    ) -> int:
        told = {key: bounded(each) for key, each in accounts_by_key(source, accounts).items()}
        self._check(marks)
        most = most_told_by(source, most_known=self._limits.cve_known)
        if len(told) > most:
            raise NoRoom(f"{source} may tell of {most} vulnerabilities; see cve_known of [limits]")
        gone = self._gone(source, told, is_all=is_all, most=most)
        kept = {key for key, each in self._known.items() if key not in gone or set(each.accounts) - {source}}
        if len(kept | set(told)) > self._limits.cve_known:
            raise NoRoom("there would be more vulnerabilities than cve_known of [limits]")
        noted = sum(self._note_one(source, key, account) for key, account in told.items())
        noted += sum(self._forget_one(source, key) for key in sorted(gone))
        self._marks[source] = dict(marks)
        self._prune()
        return noted

    async def note_epss(self, scores: Iterable[tuple[str, Epss]], *, marks: Mapping[str, str]) -> int:
        self._check(marks)
        told: dict[str, Epss] = {}
        for name, epss in scores:
            if cve_number(name) is not None and 0 <= epss.score <= 1 and 0 <= epss.percentile <= 1:
                told.setdefault(key_of_id(name), epss)
        if len(told) > self._limits.cve_known:
            raise NoRoom("EPSS has more ids than cve_known of [limits]")
        noted = 0
        for key, epss in told.items():
            known, old = self._known.get(key), self._epss.get(key)
            if known is not None and (old is None or old.score != epss.score):
                changes = epss_change(known.told_epss, epss.score)
                if changes:
                    known.told_epss = epss.score
                noted += self._note_changes(key, changes)
        self._epss = told
        self._marks["epss"] = dict(marks)
        self._prune()
        return noted

    async def last_change(self) -> int:
        return self._last_change

    async def changes(self, after: int, *, most: int) -> Sequence[NotedChange]:
        found = (
            replace(each, id=self._assembled(each.id).id) for each in self._changes if each.number > after
        )
        return list(itertools.islice(found, max(most, 0)))

    async def search(self, query: CveQuery) -> CveListing:
        found = sorted(
            self._asked_for(query), key=order_key(query.order), reverse=query.order is not CveOrder.ID
        )
        offset = max(query.offset, 0)
        return CveListing(
            found=tuple(found[offset : offset + max(query.most, 0)]),
            total=len(found),
            unscored=sum(each.score is None for each in found),
        )

    async def find(self, name: str) -> Vulnerability | None:
        key = key_of_id(name)
        return self._assembled(key) if key in self._known else None

    async def counts(self, query: CveQuery, *, months: int) -> Sequence[CveCounts]:
        found = self._asked_for(replace(query, since_at=None))
        return counted(
            month_bounds(self._clock.wall(), months=months),
            Counter(each.published.date().isoformat() for each in found if each.published is not None),
            Counter(each.exploited_since.isoformat() for each in found if each.exploited_since is not None),
        )

    def _asked_for(self, query: CveQuery) -> list[Vulnerability]:
        return [each for each in map(self._assembled, self._known) if is_asked_for(each, query)]

    def _assembled(self, key: str) -> Vulnerability:
        known = self._known[key]
        accounts = tuple(known.accounts[source] for source in sorted(known.accounts))
        return Vulnerability(
            id=accounts[0].id,
            accounts=accounts,
            epss=self._epss.get(key),
            first_seen_at=known.first_seen_at,
            changed_at=known.changed_at,
        )

    def _check(self, marks: Mapping[str, str]) -> None:
        if self.failure is not None:
            raise self.failure
        if len(marks) > 100 or any(len(each) > 4096 for pair in marks.items() for each in pair):
            raise StateError("too many marks, or one that is too long")

    def _gone(self, source: str, told: Mapping[str, Account], *, is_all: bool, most: int) -> set[str]:
        """The keys of what the source will tell nothing of any more."""
        others = [key for key, each in self._known.items() if source in each.accounts and key not in told]
        if is_all or most == self._limits.cve_known:
            return set(others) if is_all else set()
        others.sort(key=lambda key: (self._known[key].first_seen_at, key))
        return set(others[: max(0, len(others) + len(told) - most)])

    def _note_one(self, source: str, key: str, account: Account) -> int:
        before = self._assembled(key) if key in self._known else None
        if before is None:
            now, epss = self._clock.wall(), self._epss.get(key)
            self._known[key] = _Known(now, now, None if epss is None else epss.score)
        self._known[key].accounts[source] = account
        return self._note_changes(key, changes_between(before, self._assembled(key)))

    def _forget_one(self, source: str, key: str) -> int:
        before = self._assembled(key)
        del self._known[key].accounts[source]
        if self._known[key].accounts:
            return self._note_changes(key, changes_between(before, self._assembled(key)))
        del self._known[key]
        self._changes = [each for each in self._changes if each.id != key]
        return 0

    def _note_changes(self, key: str, changes: Sequence[Change]) -> int:
        for change in changes:
            now = self._known[key].changed_at = self._clock.wall()
            self._last_change = next(self._numbers)
            self._changes.append(NotedChange(number=self._last_change, id=key, at=now, change=change))
        return len(changes)

    def _prune(self) -> None:
        earliest_at = self._clock.wall() - self._limits.cve_change_days * _DAY_SECONDS
        kept = [each for each in self._changes if each.at >= earliest_at]
        self._changes = kept[-self._limits.cve_changes :]
