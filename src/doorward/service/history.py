"""The runs that are known: those under way, and for a while those that have ended."""

from collections.abc import Callable, Iterator

from doorward.core.limits import Limits
from doorward.service.run import Run


class History:
    """
    Runs by their number.

    Ended ones are kept within `limits.kept_runs`, `kept_bytes` and `kept_seconds`, and the oldest go first;
    `on_forgotten` is told of each that goes.
    """

    def __init__(self, limits: Limits, *, on_forgotten: Callable[[Run], None]) -> None:
        self._limits = limits
        self._on_forgotten = on_forgotten
        self._live: dict[int, Run] = {}
        self._ended: dict[int, Run] = {}
        self._ended_bytes = 0
        self._next_number = 1

    def next_number(self) -> int:
        """A number that no run has had."""
        number = self._next_number
        self._next_number += 1
        return number

    def add(self, run: Run) -> None:
        """Know a run that is under way."""
        self._live[run.number] = run

    def end(self, run: Run, *, now: float) -> None:
        """Move a run to those that have ended; `now` is on the monotonic clock."""
        del self._live[run.number]
        self._ended[run.number] = run
        self._ended_bytes += run.transcript.size_bytes
        self.forget_old(now=now)

    def replace_limits(self, limits: Limits, *, now: float) -> None:
        """Keep by these limits from now on."""
        self._limits = limits
        self.forget_old(now=now)

    def get(self, number: int) -> Run | None:
        """The run with this number; None when there is none, or no more."""
        return self._live.get(number) or self._ended.get(number)

    def live(self) -> tuple[Run, ...]:
        """Those under way, the oldest first."""
        return tuple(self._live.values())

    def __iter__(self) -> Iterator[Run]:
        """All, the live ones first, the youngest first among each."""
        yield from reversed(self._live.values())
        yield from reversed(self._ended.values())

    @property
    def is_idle(self) -> bool:
        """Whether no run is under way."""
        return not self._live

    def forget_old(self, *, now: float) -> None:
        """Forget ended runs that are beyond the limits."""
        while self._ended:
            number, run = next(iter(self._ended.items()))
            if not self._is_beyond(run, now=now):
                return
            del self._ended[number]
            self._ended_bytes -= run.transcript.size_bytes
            self._on_forgotten(run)

    def _is_beyond(self, run: Run, *, now: float) -> bool:
        if len(self._ended) > self._limits.kept_runs or self._ended_bytes > self._limits.kept_bytes:
            return True
        return run.ended_at is not None and now - run.ended_at > self._limits.kept_seconds
