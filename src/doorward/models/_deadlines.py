"""When the next of many deadlines is, without looking at all of them."""

import heapq
from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar

_WRONG_AT_LEAST = 256
"""Entries that are wrong are not worth a sweep while they are so few."""


class HasDeadline(Protocol):
    """Something whose time can be up."""

    deadline_at: float


DueT = TypeVar("DueT", bound=HasDeadline)


class Deadlines(Generic[DueT]):
    """
    The deadlines of a crowd, on one clock.

    An entry that became wrong stays until its time, or until most are: most deadlines are put off many times
    before they are due, and to look at each once is cheaper than to move it each time. But whoever comes and
    goes quickly must not be kept in memory until a deadline that nobody waits for.
    """

    __slots__ = ("_entries", "_known", "_turn")

    def __init__(self) -> None:
        self._entries: list[tuple[float, int, DueT]] = []
        self._known: dict[DueT, float] = {}
        self._turn = 0

    def watch(self, one: DueT) -> None:
        """Know `one`, or that its deadline is another one now."""
        known_at = self._known.get(one)
        if known_at is None or one.deadline_at < known_at:
            self._push(one)

    def forget(self, one: DueT) -> None:
        """Know it no more."""
        self._known.pop(one, None)
        if len(self._entries) > 2 * len(self._known) + _WRONG_AT_LEAST:
            self._entries = [each for each in self._entries if self._known.get(each[2]) == each[0]]
            heapq.heapify(self._entries)

    def wait_seconds(self, now: float) -> float | None:
        """How long nothing is due; None for ever."""
        return max(self._entries[0][0] - now, 0.0) if self._entries else None

    def take_due(self, now: float) -> Iterator[DueT]:
        """Those whose time is up; each has another deadline afterwards or is forgotten."""
        while self._entries and self._entries[0][0] <= now:
            at, _, one = heapq.heappop(self._entries)
            if self._known.get(one) != at:
                continue  # forgotten, or there is a nearer entry
            del self._known[one]
            if one.deadline_at <= now:
                yield one
            else:
                self._push(one)

    def _push(self, one: DueT) -> None:
        self._turn += 1
        self._known[one] = one.deadline_at
        heapq.heappush(self._entries, (one.deadline_at, self._turn, one))
