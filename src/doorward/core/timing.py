"""
When a schedule is due: decisions out of the wall clock, which may jump, and the local zone.

A local time that a day does not have, because clocks are put forward, counts by the clock before the
change: 02:30 is then 03:30. One that a day has twice counts the first time. So a day has each time once, as
`datetime` with fold 0 has it (PEP 495).
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from doorward.core.schedules import At, CatchUp, Every, Timing

LATE_SECONDS = 60.0
"""Up to here a time is kept, however busy the machine was; later, it was missed."""

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Due:
    """
    What is to be done now.

    Attributes:
        runs: whether it runs.
        missed: how many times passed without a run, beside the one that is kept now.
        next_at: when it is due next, in wall seconds, after now.
    """

    runs: bool
    missed: int
    next_at: float


def first_at(timing: Timing, *, now: float, zone: tzinfo) -> float:
    """When a schedule that nobody knew before is due first: after one period, or at the next such time."""
    match timing:
        case Every(seconds):
            return now + seconds
        case At():
            return _next_time(timing, after=now, zone=zone)


def judge_time(timing: Timing, next_at: float, *, now: float, zone: tzinfo, catch_up: CatchUp) -> Due | None:
    """
    Decide what to do at `now` with what is due at `next_at`.

    Returns:
        None to wait until `next_at`. A time further away than the one after next was reckoned by a clock that
        has been put back since, and one that the zone does not have by another zone: it is reckoned anew, and
        nothing runs for it.
    """
    if next_at > now:
        first = first_at(timing, now=now, zone=zone)
        latest = first_at(timing, now=first, zone=zone)
        is_of_zone = isinstance(timing, Every) or _next_time(timing, after=next_at - 1, zone=zone) == next_at
        return None if is_of_zone and next_at <= latest else Due(runs=False, missed=0, next_at=first)
    passed, last_at, following_at = _since(timing, next_at, now=now, zone=zone)
    is_kept = catch_up is CatchUp.ONCE or now - last_at <= LATE_SECONDS
    return Due(runs=is_kept, missed=passed if is_kept else passed + 1, next_at=following_at)


def _since(timing: Timing, due_at: float, *, now: float, zone: tzinfo) -> tuple[int, float, float]:
    """How many times came after `due_at` until now, the last time until now, and the first one after it."""
    match timing:
        case Every(seconds):
            passed = int((now - due_at) // seconds)
            last_at = due_at + passed * seconds
            return passed, last_at, last_at + seconds
        case At():
            following_at = _next_time(timing, after=now, zone=zone)
            last_at = _last_time(timing, until=now, zone=zone)
            passed = max(0, (_day(last_at, zone) - _day(due_at, zone)).days)
            return passed, max(last_at, due_at), following_at


def _next_time(at: At, *, after: float, zone: tzinfo) -> float:
    day = _day(after, zone) - _ONE_DAY
    while (moment := _moment(at, day, zone)) <= after:
        day += _ONE_DAY
    return moment


def _last_time(at: At, *, until: float, zone: tzinfo) -> float:
    day = _day(until, zone) + _ONE_DAY
    while (moment := _moment(at, day, zone)) > until:
        day -= _ONE_DAY
    return moment


def _moment(at: At, day: date, zone: tzinfo) -> float:
    return datetime(day.year, day.month, day.day, at.hour, at.minute, tzinfo=zone).timestamp()


def _day(wall_seconds: float, zone: tzinfo) -> date:
    return datetime.fromtimestamp(wall_seconds, UTC).astimezone(zone).date()
