"""Time that stands still until a test moves it."""

import heapq
import math
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True, order=True)
class _ManualTimer:
    due_at: float
    number: int
    callback: Callable[[], object] | None = field(compare=False)

    def cancel(self) -> None:
        self.callback = None


class ManualClock:
    """
    A `Clock` that only `advance` and `jump` move.

    Attributes:
        scheduled: how many calls are due later and were not taken back.
    """

    def __init__(self, *, monotonic: float = 1000.0, wall: float = 1_750_000_000.0) -> None:
        self._monotonic = monotonic
        self._wall_offset = wall - monotonic
        self._timers: list[_ManualTimer] = []
        self._count = 0

    @property
    def scheduled(self) -> int:
        return sum(timer.callback is not None for timer in self._timers)

    def monotonic(self) -> float:
        return self._monotonic

    def wall(self) -> float:
        return self._monotonic + self._wall_offset

    def call_later(self, delay_seconds: float, callback: Callable[[], object], /) -> _ManualTimer:
        """
        As the port has it.

        Raises:
            ValueError: the delay is negative or no number, which no caller of ours may ask for.
        """
        if not (delay_seconds >= 0 and math.isfinite(delay_seconds)):
            raise ValueError(f"a delay of {delay_seconds} s")
        self._count += 1
        timer = _ManualTimer(self._monotonic + delay_seconds, self._count, callback)
        heapq.heappush(self._timers, timer)
        return timer

    def advance(self, seconds: float) -> None:
        """
        Let `seconds` pass and make the calls that become due, the earliest first, equal ones as they came.

        Each call finds the clock at the moment at which it was due; one that it asks for and that is due
        within these seconds is made too. An error of a call comes out here, with the clock at its moment.
        """
        if seconds < 0:
            raise ValueError("time does not run backwards; jump() moves the wall clock")
        end = self._monotonic + seconds
        while self._timers and self._timers[0].due_at <= end:
            timer = heapq.heappop(self._timers)
            self._monotonic = max(self._monotonic, timer.due_at)
            callback, timer.callback = timer.callback, None
            if callback is not None:
                callback()
        self._monotonic = max(self._monotonic, end)

    def jump(self, seconds: float) -> None:
        """Move the wall clock alone, forwards or backwards, as a keeper or NTP does."""
        self._wall_offset += seconds
