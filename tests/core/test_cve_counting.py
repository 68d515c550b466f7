"""Months, and what falls into them."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.core.cve_counting import MOST_COUNTED, counted, month_bounds

moments = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1)).map(lambda each: each.replace(tzinfo=UTC))  # noqa: DTZ001


@given(moments, st.integers(1, 60))
def test_months_begin_on_the_first_and_end_with_this_one(now: datetime, months: int) -> None:
    bounds = month_bounds(now.timestamp(), months=months)
    assert len(bounds) == months + 1
    assert all(day.day == 1 for day in bounds)
    assert all((day + timedelta(days=31)).replace(day=1) == later for day, later in pairwise(bounds))
    assert bounds[-2] <= now.date() < bounds[-1]


def test_what_falls_outside_counts_nowhere_and_empty_months_stand_there() -> None:
    bounds = [date(2025, 1, 1), date(2025, 2, 1), date(2025, 3, 1)]
    days = {"2024-12-31": 1, "2025-01-01": 2, "2025-01-31": 4, "2025-03-01": 8, "1969-07-20": 16}
    [january, february] = counted(bounds, days, {"2025-02-28": 3})
    assert (january.period, january.published, january.exploited) == ("2025-01-01", 6, 0)
    assert (february.period, february.published, february.exploited) == ("2025-02-01", 0, 3)


@pytest.mark.parametrize("months", [0, -1, MOST_COUNTED + 1])
def test_so_many_months_are_not_counted(months: int) -> None:
    with pytest.raises(ValueError, match="from 1 to 1000 are counted"):
        month_bounds(0.0, months=months)
