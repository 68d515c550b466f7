"""A moment that somebody counts from: so long ago, or a day."""

import re
from datetime import UTC, date, datetime, timedelta

from doorward.core.errors import BadArgument
from doorward.core.parameter import shown

_AGO = re.compile(r"(?P<count>[0-9]{1,5})(?P<unit>[hdw])")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}


def since_at(text: str, *, now_at: float) -> float:
    """
    The moment that `text` means, in seconds since the epoch.

    Args:
        text: so long ago, `12h`, `7d` or `2w`, or since a day began in UTC, `2026-11-01`.
        now_at: the time.

    Raises:
        BadArgument: it is none of them.
    """
    if match := _AGO.fullmatch(text):
        return now_at - timedelta(**{_UNITS[match["unit"]]: int(match["count"])}).total_seconds()
    try:
        day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None:
        raise BadArgument("since", "12h, 7d, 2w or a day as 2026-11-01", shown(text))
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
