"""How often each source may come."""

from doorward.core.limits import Limits

SOURCES_MOST = 65_536
"""Sources whose rate is known at a time; while there are more, the others come as they like."""


class SourceRates:
    """
    New connections of each source, at most so many a second with so many at once.

    A source takes one number here, and only for as long as it takes to be forgiven.

    Source: the generic cell rate algorithm, ITU-T I.371: the theoretical arrival time of the next connection.
    """

    def __init__(self) -> None:
        self._next_at: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._next_at)

    def takes(self, source: str, limits: Limits, *, now: float) -> bool:
        """Whether one more connection of `source` is within its rate; if so, it is counted."""
        apart_seconds = 1.0 / limits.new_per_second
        next_at = max(self._next_at.get(source, now), now)
        if next_at - now > (limits.new_burst - 1) * apart_seconds:
            return False
        if source in self._next_at or len(self._next_at) < SOURCES_MOST:
            self._next_at[source] = next_at + apart_seconds
        return True

    def forget(self, *, now: float) -> None:
        """Let go of whoever has not come for long enough to be new again."""
        if any(next_at <= now for next_at in self._next_at.values()):
            self._next_at = {source: at for source, at in self._next_at.items() if at > now}
