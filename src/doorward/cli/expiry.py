"""When something that is made on the command line is to end."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import click

_NEVER = "never"
_WHILE = re.compile(r"([1-9][0-9]{0,5})([hdw])")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SECONDS = {"h": 3600, "d": 86_400, "w": 7 * 86_400}
_MOST_SECONDS = 36_525 * 86_400
"""A hundred years, after which there are still dates to show."""


@dataclass(frozen=True, slots=True)
class Expiry:
    """
    A while after something is made, or a moment, or never.

    Attributes:
        after_seconds: how long after; None unless a while is meant.
        at: seconds since 1970; None unless a moment is meant.
    """

    after_seconds: int | None = None
    at: int | None = None

    def of(self, made_at: int) -> int | None:
        """Seconds since 1970 for what is made at `made_at`; None for never."""
        return self.at if self.after_seconds is None else made_at + self.after_seconds


class ExpiryWord(click.ParamType[Expiry]):
    """`30d`, `2027-01-01` or `never`."""

    name = "expiry"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Expiry:
        """The end that `value` says."""
        expiry = parse_expiry(str(value))
        if expiry is None:
            expected = "a while such as 12h, 30d or 8w of at most a hundred years, a day such as 2027-01-01"
            self.fail(f"{str(value)[:40]!r} is no end; expected {expected}, or {_NEVER}", param, ctx)
        return expiry


def parse_expiry(word: str) -> Expiry | None:
    """
    Read `word`; None for one that says no end.

    A day ends what it names at its beginning, in UTC.
    """
    if word == _NEVER:
        return Expiry()
    if match := _WHILE.fullmatch(word):
        seconds = int(match[1]) * _SECONDS[match[2]]
        return Expiry(after_seconds=seconds) if seconds <= _MOST_SECONDS else None
    if not _DATE.fullmatch(word):
        return None
    try:
        day = datetime.fromisoformat(word).replace(tzinfo=UTC)
    except ValueError:
        return None
    return Expiry(at=int(day.timestamp()))
