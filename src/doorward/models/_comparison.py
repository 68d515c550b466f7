"""What is measured of each model, in which order, and how it is told to programs."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import TypeVar

from doorward.core.settings import LineSessionKind
from doorward.models._measuring import (
    IDLE_LEVELS,
    KEPT_LEVEL,
    ONCE_LEVELS,
    SLOW_SECONDS,
    Idle,
    Load,
    MeasureFailed,
    Process,
    Rate,
    answer_beside,
    datagram_beside,
    limit_server,
    model_server,
    most_descriptors,
)
from doorward.models._model import Model
from doorward.models._native import Native

LIMIT = "C epoll"
_NO_CONNECTIONS = "it has no connections"
FoundT = TypeVar("FoundT")
_SLOW_PEERS = 8
"""At most: a model that so many do not hold up is measured with one."""


@dataclass(slots=True)
class Row:
    """
    What was found of one model; in place of a figure may stand why there is none.

    Attributes:
        once: a connection for each request, by how many are busy at once; over UDP, a datagram.
        kept: sessions that ask again and again.
        idle: connections that say nothing, by their number.
        beside_silent, beside_slow: how many seconds somebody waited for a short answer beside `slow_peers`
            that say nothing, or run a slow command; `SLOW_SECONDS` and more is held up.
    """

    name: str
    once: dict[int, Rate | str] = field(default_factory=dict)
    kept: Rate | str = ""
    idle: dict[int, Idle | str] = field(default_factory=dict)
    slow_peers: int = 1
    beside_silent: float | str = ""
    beside_slow: float | str = ""

    def members(self) -> dict[str, object]:
        """All of it for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Subject:
    """Something that serves, and what is known of its bounds beforehand."""

    name: str
    start: Callable[[LineSessionKind], AbstractContextManager[Process]]
    why_not: Callable[[int], str]
    held_up_by: int = 0
    runs_commands: bool = True
    has_connections: bool = True


def compare(
    models: Iterable[Model], native: Native, load: Load, *, seconds: float, tell: Callable[[str], None]
) -> Iterator[Row]:
    """
    Measure each of `models`, and the limit in C where it was built.

    Args:
        models: which.
        native: the programs in C.
        load: who asks.
        seconds: of each load.
        tell: called with what is measured next.
    """
    for subject in _subjects(models, native):
        yield _row(subject, load, seconds=seconds, tell=tell)


def steps(models: int, native: Native) -> int:
    """How often `tell` will be called."""
    return (models + (native.server is not None)) * (len(ONCE_LEVELS) + len(IDLE_LEVELS) + 3)


def _subjects(models: Iterable[Model], native: Native) -> Iterator[_Subject]:
    for model in models:
        yield _Subject(
            model.name,
            partial(model_server, model.name),
            model.why_not,
            model.most_peers if model.most_peers <= _SLOW_PEERS else 0,
            has_connections=model.transport == "tcp",
        )
    if native.server is not None:
        yield _Subject(LIMIT, partial(limit_server, native), lambda _level: "", runs_commands=False)


def _row(subject: _Subject, load: Load, *, seconds: float, tell: Callable[[str], None]) -> Row:
    row = Row(subject.name, slow_peers=max(subject.held_up_by, 1))

    def measured(what: str, measure: Callable[[], FoundT], why_not: str = "") -> FoundT | str:
        tell(f"{subject.name}: {what}")
        try:
            return why_not or measure()
        except MeasureFailed as error:
            return str(error)

    slow = b"sleep %g\n" % SLOW_SECONDS
    if not subject.has_connections:
        with subject.start(LineSessionKind.ONCE) as server:
            for level in ONCE_LEVELS:
                rate = partial(load.rate, "datagrams", server, connections=level, seconds=seconds)
                row.once[level] = measured(f"{level} at once", rate, subject.why_not(level))
            row.beside_slow = measured("a slow command", partial(datagram_beside, server, slow))
        row.idle = dict.fromkeys(IDLE_LEVELS, _NO_CONNECTIONS)
        row.kept = row.beside_silent = _NO_CONNECTIONS
        return row
    with subject.start(LineSessionKind.ONCE) as server:
        for level in ONCE_LEVELS:
            rate = partial(load.rate, "once", server, connections=level, seconds=seconds)
            row.once[level] = measured(f"{level} at once", rate)
        for level in IDLE_LEVELS:
            why_not = subject.why_not(level) or _too_many_descriptors(level)
            idle = partial(load.idle, server, connections=level)
            row.idle[level] = measured(f"{level} idle", idle, why_not)
        beside = partial(answer_beside, server, peers=row.slow_peers)
        row.beside_silent = measured("a peer that says nothing", partial(beside, b""))
        why_not = "" if subject.runs_commands else "it runs no commands"
        row.beside_slow = measured("a slow command", partial(beside, slow), why_not)
    with subject.start(LineSessionKind.KEEP) as server:
        rate = partial(load.rate, "kept", server, connections=KEPT_LEVEL, seconds=seconds)
        row.kept = measured(f"{KEPT_LEVEL} kept", rate, subject.why_not(KEPT_LEVEL))
    return row


def _too_many_descriptors(level: int) -> str:
    most = most_descriptors()
    return "" if level <= most else f"a process may have no more than {most} connections here (ulimit -n)"
