"""Counts by month, in UTC."""

import bisect
from collections.abc import Mapping, Sequence
from datetime import date

from doorward.core.cve_filters import CveCounts
from doorward.core.moments import day_utc

MOST_COUNTED = 1_000


def month_bounds(now: float, *, months: int) -> Sequence[date]:
    """
    The first days of so many months, the last of which is that of `now`, and of the one after it.

    Args:
        now: in seconds since the epoch.
        months: from 1 to 1,000.

    Raises:
        ValueError: so many months are not counted.
    """
    if not 1 <= months <= MOST_COUNTED:
        raise ValueError(f"{months} months; from 1 to {MOST_COUNTED} are counted")
    today = day_utc(now)
    last = today.year * 12 + today.month - 1
    return [date(each // 12, each % 12 + 1, 1) for each in range(last - months + 1, last + 2)]


def counted(
    bounds: Sequence[date], published: Mapping[str, int], exploited: Mapping[str, int]
) -> Sequence[CveCounts]:
    """
    How many fall into each of the months between `bounds`.

    Args:
        bounds: in order; what is outside counts nowhere.
        published: how many on each day, as `2026-11-01`.
        exploited: the same.
    """
    days = [day.isoformat() for day in bounds]
    columns = (days[:-1], _by_month(days, published), _by_month(days, exploited))
    return [CveCounts(period=day, published=of, exploited=by) for day, of, by in zip(*columns, strict=True)]


def _by_month(days: Sequence[str], by_day: Mapping[str, int]) -> list[int]:
    counts = [0] * (len(days) - 1)
    for day, count in by_day.items():
        place = bisect.bisect_right(days, day) - 1
        if 0 <= place < len(counts):
            counts[place] += count
    return counts
