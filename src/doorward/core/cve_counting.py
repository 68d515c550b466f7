"""Counts by week and by month, in UTC."""

import bisect
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from doorward.core.cve_filters import CveCounts
from doorward.core.moments import day_utc

MOST_PERIODS = 1_000
_WEEK = timedelta(days=7)


def period_bounds(now: float, *, periods: int, is_monthly: bool) -> Sequence[date]:
    """
    The first days of `periods` weeks or months, the last of which is that of `now`, and of the one after it.

    Args:
        now: in seconds since the epoch.
        periods: from 1 to 1,000.
        is_monthly: months; otherwise weeks, from Monday.

    Raises:
        ValueError: so many periods are not counted.
    """
    if not 1 <= periods <= MOST_PERIODS:
        raise ValueError(f"{periods} periods; from 1 to {MOST_PERIODS} are counted")
    today = day_utc(now)
    if is_monthly:
        last = today.year * 12 + today.month - 1
        return [date(each // 12, each % 12 + 1, 1) for each in range(last - periods + 1, last + 2)]
    monday = today - timedelta(days=today.weekday())
    return [monday + _WEEK * weeks for weeks in range(1 - periods, 2)]


def counted(
    bounds: Sequence[date], published: Mapping[str, int], exploited: Mapping[str, int]
) -> Sequence[CveCounts]:
    """
    How many fall into each of the periods between `bounds`.

    Args:
        bounds: in order; what is outside counts nowhere.
        published: how many on each day, as `2026-11-01`.
        exploited: the same.
    """
    days = [day.isoformat() for day in bounds]
    columns = (days[:-1], _by_period(days, published), _by_period(days, exploited))
    return [CveCounts(period=day, published=of, exploited=by) for day, of, by in zip(*columns, strict=True)]


def _by_period(days: Sequence[str], by_day: Mapping[str, int]) -> list[int]:
    counts = [0] * (len(days) - 1)
    for day, count in by_day.items():
        place = bisect.bisect_right(days, day) - 1
        if 0 <= place < len(counts):
            counts[place] += count
    return counts
