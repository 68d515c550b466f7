"""The dates of feeds: RFC 822 and its misspellings, ISO 8601 and its abbreviations."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_MOST_CHARACTERS = 64
_YEAR_OR_MONTH = re.compile(r"(\d{4})(?:-(\d\d))?")


def read_date(text: str) -> datetime | None:
    """
    The moment that `text` means, in UTC; None when it cannot be told. Without a zone it is taken for UTC.

    Source: RFC 5322 section 3.3 and RFC 822 for RSS, RFC 3339 for Atom, W3C-DTF for dc:date.
    """
    text = text.strip()
    if not text or len(text) > _MOST_CHARACTERS:
        return None
    try:
        moment = _iso(text) if text[:4].isdecimal() else parsedate_to_datetime(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _iso(text: str) -> datetime:
    short = _YEAR_OR_MONTH.fullmatch(text)
    if short is not None:
        return datetime(int(short[1]), int(short[2] or 1), 1, tzinfo=UTC)
    return datetime.fromisoformat(text)
