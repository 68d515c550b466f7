"""The charts of a comparison: which figure of each model, and in which words."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from doorward.models._bars import Bar, draw
from doorward.models._comparison import LIMIT, Row
from doorward.models._measuring import IDLE_LEVELS, KEPT_LEVEL, SLOW_SECONDS, Idle, Rate

_REASON_CHARACTERS = 88
_BESIDE = f"as many of them as hold the model up, else one; cut at {SLOW_SECONDS * 2:g} s; shorter is better"


@dataclass(frozen=True, slots=True)
class Chart:
    """
    One figure of every model.

    Attributes:
        name: of its file, without `.svg`.
        title: what it shows.
        subtitle: how it was measured.
        figure: a row's number and its words, or None and why there is none.
    """

    name: str
    title: str
    subtitle: str
    figure: Callable[[Row], tuple[float | None, str]]

    def bars(self, rows: Iterable[Row]) -> list[Bar]:
        """The chart's bars, a model each."""
        return [Bar(row.name, *self.figure(row), is_limit=row.name == LIMIT) for row in rows]

    def svg(self, rows: Sequence[Row]) -> str:
        """The chart as an image."""
        return draw(self.title, self.subtitle, self.bars(rows))


def charts() -> tuple[Chart, ...]:
    """All charts, the most telling first."""
    return (
        Chart(
            "once",
            "Answers a second, a connection for each",
            f"{KEPT_LEVEL} peers at once; longer is better",
            lambda row: per_second(row.once[KEPT_LEVEL]),
        ),
        Chart(
            "kept",
            "Answers a second in kept sessions",
            f"{KEPT_LEVEL} sessions, one question outstanding in each; longer is better",
            lambda row: per_second(row.kept),
        ),
        Chart(
            "cpu",
            "Processor time of an answer, a connection for each",
            f"{KEPT_LEVEL} peers at once, all processes of the server; shorter is better",
            lambda row: processor(row.once[KEPT_LEVEL]),
        ),
        Chart(
            "latency",
            "99 of 100 answers come within",
            "1,000 peers at once, a connection for each answer; shorter is better",
            lambda row: slowest(row.once[1_000]),
        ),
        Chart(
            "memory",
            "Memory of an idle connection",
            f"at {IDLE_LEVELS[0]:,} of them, all processes of the server; shorter is better",
            lambda row: memory(row.idle[IDLE_LEVELS[0]]),
        ),
        Chart(
            "silent",
            "A short answer beside a peer that says nothing",
            _BESIDE,
            lambda row: beside(row.beside_silent),
        ),
        Chart(
            "slow",
            "A short answer beside a command that takes a second",
            _BESIDE,
            lambda row: beside(row.beside_slow),
        ),
    )


def per_second(rate: Rate | str) -> tuple[float | None, str]:
    """How many answers came in a second."""
    if isinstance(rate, str):
        return None, _short(rate)
    wrong = f", {rate.errors} failed" if rate.errors else ""
    return rate.per_second, f"{rate.per_second:,.0f}{wrong}"


def slowest(rate: Rate | str) -> tuple[float | None, str]:
    """Within how many milliseconds 99 of a hundred came."""
    return (None, _short(rate)) if isinstance(rate, str) else (rate.p99_ms, f"{rate.p99_ms:,.1f} ms")


def processor(rate: Rate | str) -> tuple[float | None, str]:
    """How many microseconds of a processor an answer took the server."""
    return (None, _short(rate)) if isinstance(rate, str) else (rate.cpu_us, f"{rate.cpu_us:,.0f} us")


def memory(idle: Idle | str) -> tuple[float | None, str]:
    """How many KiB an idle connection takes."""
    if isinstance(idle, str):
        return None, _short(idle)
    kib = max(idle.kib_each, 0.0)
    return kib, f"{kib:,.1f} KiB"


def beside(seconds: float | str) -> tuple[float | None, str]:
    """How long an answer took beside somebody slow, and whether that is held up."""
    if isinstance(seconds, str):
        return None, _short(seconds)
    if seconds >= SLOW_SECONDS * 2:
        return seconds, "held up"
    return seconds, f"held up, {seconds:.1f} s" if seconds >= SLOW_SECONDS / 2 else f"{seconds * 1000:.1f} ms"


def _short(reason: str) -> str:
    return reason if len(reason) <= _REASON_CHARACTERS else f"{reason[: _REASON_CHARACTERS - 3]}..."
