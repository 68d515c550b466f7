"""Who is let in: shares of doors and sources, counted."""

import enum
from collections import Counter
from collections.abc import Callable

from doorward.core.limits import Limits
from doorward.gate.origins import Origin
from doorward.gate.rates import SourceRates

KEEPER_PLACES = 8
"""Beyond what all others may have: whoever keeps the daemon can ask it how it is while it is full."""


class Refusal(enum.Enum):
    """Why a connection is closed before its door does anything with it."""

    ALL_FULL = "no descriptors left"
    DOOR_FULL = "door full"
    SOURCE_FULL = "source has its share"
    TOO_FAST = "source comes too often"
    LOGINS_FULL = "too many before their login"
    SHUT_OUT = "source is shut out"
    STOPPING = "stopping"


class Place:
    """
    What a connection that was let in takes.

    Attributes:
        door: the name of its door.
        origin: whom it counts for.
        awaits_login: its door asks for a login, and it has none yet.
        has_tried: it has logged in, or tries or tried to.
        is_late: its time ran out before its login.
    """

    __slots__ = ("awaits_login", "door", "has_tried", "is_late", "origin")

    def __init__(self, door: str, origin: Origin, *, awaits_login: bool) -> None:
        self.door = door
        self.origin = origin
        self.awaits_login = awaits_login
        self.has_tried = False
        self.is_late = False


class Shares:
    """
    Counts who is in, and tells who may still come.

    Args:
        limits: of doors and sources.
        most: connections in all, whatever the doors may have.
        chance: gives numbers from 0 to 1, 1 excluded, that nobody can foretell.
    """

    def __init__(self, limits: Limits, *, most: int, chance: Callable[[], float]) -> None:
        self.limits = limits
        self.most = most
        self._chance = chance
        self._total = 0
        self._doors: Counter[str] = Counter()
        self._sources: Counter[tuple[str, str]] = Counter()
        self._awaiting: Counter[str] = Counter()
        self._awaiting_of_sources: Counter[tuple[str, str]] = Counter()
        self._rates = SourceRates()

    def refusal(self, door: str, origin: Origin, *, asks_login: bool, now: float) -> Refusal | None:
        """
        Why a connection may not come in; None when it may. It counts against the rate of its source.

        Args:
            door: where it wants in.
            origin: where it comes from.
            asks_login: the door lets nobody do anything before a login: those who have none are few.
            now: on the monotonic clock.
        """
        if self._total >= self.most + (KEEPER_PLACES if origin.is_keeper else 0):
            return Refusal.ALL_FULL
        if self._doors[door] >= self.limits.connections:
            return Refusal.DOOR_FULL
        if origin.is_limited and (refusal := self._of_source(door, origin, asks_login=asks_login, now=now)):
            return refusal
        return Refusal.LOGINS_FULL if asks_login and self._is_refused_early(door) else None

    def enter(self, place: Place) -> None:
        """Count a connection that came in."""
        self._total += 1
        self._doors[place.door] += 1
        if place.origin.is_limited:
            self._sources[place.door, place.origin.source] += 1
        if place.awaits_login:
            self._count_awaiting(place, 1)

    def leave(self, place: Place) -> None:
        """Count it no more; once only."""
        self._total -= 1
        self._doors[place.door] -= 1
        if place.origin.is_limited:
            _take_one(self._sources, (place.door, place.origin.source))
        self.log_in(place)

    def log_in(self, place: Place) -> None:
        """Count it no more among those who have not logged in; idempotent."""
        if place.awaits_login:
            place.awaits_login = False
            self._count_awaiting(place, -1)

    def forget(self, *, now: float) -> None:
        """Let go of rates that count no more."""
        self._rates.forget(now=now)

    def _of_source(self, door: str, origin: Origin, *, asks_login: bool, now: float) -> Refusal | None:
        key = (door, origin.source)
        if self._sources[key] >= self.limits.connections_per_source:
            return Refusal.SOURCE_FULL
        if not asks_login:
            return None
        if self._awaiting_of_sources[key] >= self.limits.not_logged_in_per_source:
            return Refusal.SOURCE_FULL
        return None if self._rates.takes(origin.source, self.limits, now=now) else Refusal.TOO_FAST

    def _is_refused_early(self, door: str) -> bool:
        """
        Whether chance turns one away: the more of them wait for their login, the likelier.

        Source: MaxStartups of sshd_config(5), "random early drop".
        """
        limits, awaiting = self.limits, self._awaiting[door]
        if awaiting < limits.early_refusals_from:
            return False
        if awaiting >= limits.not_logged_in:
            return True
        share = (awaiting - limits.early_refusals_from) / (limits.not_logged_in - limits.early_refusals_from)
        percent = limits.early_refusals_percent + share * (100 - limits.early_refusals_percent)
        return self._chance() * 100 < percent

    def _count_awaiting(self, place: Place, difference: int) -> None:
        self._awaiting[place.door] += difference
        if place.origin.is_limited:
            key = (place.door, place.origin.source)
            self._awaiting_of_sources[key] += difference
            if not self._awaiting_of_sources[key]:
                del self._awaiting_of_sources[key]


def _take_one(counts: Counter[tuple[str, str]], key: tuple[str, str]) -> None:
    counts[key] -= 1
    if not counts[key]:
        del counts[key]
