"""When a schedule is due: over nights, changes of the clock, absences and clocks that jump."""

from datetime import UTC, datetime, tzinfo
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.config.local_zone import zone_of_rule
from doorward.core.schedules import At, CatchUp, Every, Timing, parse_at, parse_every
from doorward.core.timing import LATE_SECONDS, Due, first_at, judge_time

DAY_SECONDS = 86_400
HOUR_SECONDS = 3600


def zone_of(rule: str) -> tzinfo:
    zone = zone_of_rule(rule)
    assert zone is not None
    return zone


# forward on 2026-03-29 at 02:00, back on 2026-10-25 at 03:00
PARIS = zone_of("CET-1CEST,M3.5.0,M10.5.0/3")
# by half an hour, and in the other half of the year
LORD_HOWE = zone_of("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0")
ZONES = [UTC, PARIS, LORD_HOWE]

ONCE, NO = CatchUp.ONCE, CatchUp.NO
HALF_PAST_TWO = At(2, 30)


def at(text: str, zone: tzinfo = UTC) -> float:
    """`2026-03-29 02:30` of the zone; with an offset behind it, whatever the zone."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp()


@pytest.mark.parametrize(
    ("text", "timing"),
    [
        ("6h", Every(21_600)),
        ("90s", Every(90)),
        ("90m", Every(5400)),
        ("90min", Every(5400)),
        ("1h 30min", Every(5400)),
        ("1d12h", Every(129_600)),
        ("2w", Every(1_209_600)),
        ("366d", Every(31_622_400)),
    ],
)
def test_a_period_is_read_and_told(text: str, timing: Every) -> None:
    assert parse_every(text) == timing
    assert parse_every(str(timing).removeprefix("every ")) == timing


@pytest.mark.parametrize(
    "text", ["", "6", "h", "6 h", "-6h", "0s", "1.5h", "6H", "6hh", "367d", "\u0663h", "9" * 99 + "d"]
)
def test_what_is_no_period_is_not_read(text: str) -> None:
    assert parse_every(text) is None


@pytest.mark.parametrize("text", ["", "4:30", "24:00", "04:60", "04:30:00", " 04:30", "0430", "\u06604:30"])
def test_what_is_no_time_of_a_day_is_not_read(text: str) -> None:
    assert parse_at(text) is None
    assert parse_at("04:30") == At(4, 30)


@given(seconds=st.integers(1, 366 * DAY_SECONDS))
def test_every_period_is_told_so_that_it_is_read_as_the_same(seconds: int) -> None:
    assert parse_every(str(Every(seconds)).removeprefix("every ")) == Every(seconds)


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-03-27 12:00", "2026-03-28 02:30+01:00"),
        # there is no 02:30 on this day: by the clock before the change it is 03:30 after it
        ("2026-03-28 02:30+01:00", "2026-03-29 03:30+02:00"),
        ("2026-03-29 03:30+02:00", "2026-03-30 02:30+02:00"),
        # on this one there are two: the first counts
        ("2026-10-24 12:00", "2026-10-25 02:30+02:00"),
        ("2026-10-25 02:30+02:00", "2026-10-26 02:30+01:00"),
        # between the two
        ("2026-10-25 02:10+01:00", "2026-10-26 02:30+01:00"),
    ],
)
def test_a_time_of_the_day_comes_once_a_day_when_clocks_are_changed(now: str, due: str) -> None:
    assert first_at(HALF_PAST_TWO, now=at(now, PARIS), zone=PARIS) == at(due)


@given(
    zone=st.sampled_from(ZONES),
    hour=st.integers(0, 23),
    minute=st.integers(0, 59),
    start=st.integers(1_700_000_000, 1_900_000_000),
)
def test_in_a_year_of_days_there_is_one_time_a_day(zone: tzinfo, hour: int, minute: int, start: int) -> None:
    timing, now = At(hour, minute), float(start)
    days = []
    for _ in range(370):
        now = first_at(timing, now=now, zone=zone)
        days.append(datetime.fromtimestamp(now, zone).date())
    gaps = {(later - earlier).days for earlier, later in pairwise(days)}
    assert gaps == {1}


def walked(timing: Timing, zone: tzinfo, nows: list[float], *, catch_up: CatchUp) -> tuple[int, int]:
    """Look at these moments, in order; how many times ran, and how many were missed."""
    next_at = first_at(timing, now=nows[0], zone=zone)
    runs = missed = 0
    for now in nows[1:]:
        due = judge_time(timing, next_at, now=now, zone=zone, catch_up=catch_up)
        if due is not None:
            assert due.next_at > now
            runs, missed, next_at = runs + due.runs, missed + due.missed, due.next_at
    return runs, missed


@given(
    zone=st.sampled_from(ZONES),
    timing=st.one_of(
        st.builds(Every, st.integers(60, 10 * DAY_SECONDS)),
        st.builds(At, st.integers(0, 23), st.integers(0, 59)),
    ),
    catch_up=st.sampled_from(CatchUp),
    steps=st.lists(st.integers(1, 40 * DAY_SECONDS), min_size=1, max_size=20),
)
def test_every_time_that_passes_is_run_or_counted_as_missed_and_none_is_both(
    zone: tzinfo, timing: Timing, catch_up: CatchUp, steps: list[int]
) -> None:
    start = at("2026-01-15 12:34:56")
    nows = [start]
    for step in steps:
        nows.append(nows[-1] + step)
    wanted, moment = 0, first_at(timing, now=start, zone=zone)
    while moment <= nows[-1]:
        wanted += 1
        moment = first_at(timing, now=moment, zone=zone)
    runs, missed = walked(timing, zone, nows, catch_up=catch_up)
    assert runs + missed == wanted
    assert runs <= len(steps)


def test_a_period_keeps_its_step_however_late_it_is_looked_at() -> None:
    due = judge_time(Every(600), 1000.0, now=1013.5, zone=UTC, catch_up=ONCE)
    assert due == Due(runs=True, missed=0, next_at=1600.0)


@pytest.mark.parametrize(
    ("catch_up", "late_seconds", "runs", "missed"),
    [
        (ONCE, 0, True, 0),
        (ONCE, 5 * HOUR_SECONDS, True, 0),
        (ONCE, 3 * DAY_SECONDS, True, 3),
        (NO, 0, True, 0),
        (NO, LATE_SECONDS, True, 0),
        (NO, LATE_SECONDS + 1, False, 1),
        (NO, 3 * DAY_SECONDS + 5 * HOUR_SECONDS, False, 4),
        # the last of them is just now
        (NO, 3 * DAY_SECONDS, True, 3),
    ],
)
def test_what_was_missed_is_caught_up_once_or_not_at_all(
    catch_up: CatchUp, late_seconds: float, missed: int, *, runs: bool
) -> None:
    due_at = at("2026-06-01 04:30")
    due = judge_time(At(4, 30), due_at, now=due_at + late_seconds, zone=UTC, catch_up=catch_up)
    assert due is not None
    assert (due.runs, due.missed) == (runs, missed)
    assert due.next_at == due_at + (late_seconds // DAY_SECONDS + 1) * DAY_SECONDS


def test_a_clock_put_back_a_little_runs_nothing_twice() -> None:
    ran_at = at("2026-06-01 04:30")
    for back_seconds in (1, HOUR_SECONDS, 23 * HOUR_SECONDS):
        now = ran_at - back_seconds
        assert judge_time(At(4, 30), ran_at + DAY_SECONDS, now=now, zone=UTC, catch_up=ONCE) is None
    assert judge_time(Every(600), 1600.0, now=1000.0 - 599, zone=UTC, catch_up=ONCE) is None


@pytest.mark.parametrize("timing", [At(4, 30), Every(6 * HOUR_SECONDS)])
def test_a_clock_that_was_years_ahead_delays_nothing_for_years(timing: Timing) -> None:
    now = at("2026-06-01 12:00")
    wrong = first_at(timing, now=now + 3650 * DAY_SECONDS, zone=UTC)
    due = judge_time(timing, wrong, now=now, zone=UTC, catch_up=ONCE)
    assert due == Due(runs=False, missed=0, next_at=first_at(timing, now=now, zone=UTC))


def test_another_zone_has_its_time_reckoned_anew() -> None:
    now = at("2026-06-01 12:00")
    in_utc = first_at(At(4, 30), now=now, zone=UTC)
    due = judge_time(At(4, 30), in_utc, now=now, zone=PARIS, catch_up=ONCE)
    assert due == Due(runs=False, missed=0, next_at=at("2026-06-02 04:30+02:00"))
