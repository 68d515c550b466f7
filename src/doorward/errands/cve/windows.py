"""Spans of time that NVD is asked for, and what is noted when one of them was read whole."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from doorward.errands.feeds.dates import read_date

LONGEST = timedelta(days=120)
"""Source: the documentation of the NVD CVE API 2.0, which answers 404 to more."""

OVERLAP = timedelta(hours=6)
"""How much of what was read already is asked for again: what was changed then may come to light later."""

SHORTEST = timedelta(minutes=1)
"""What fits on no single page even so is given up for now."""

_SINCE = "since"
_UNTIL = "until"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What changed from `start` to `end`, in UTC."""

    start: datetime
    end: datetime

    @property
    def parameters(self) -> Mapping[str, str]:
        """What NVD is asked with; times without a zone are UTC."""
        return {"lastModStartDate": _written(self.start), "lastModEndDate": _written(self.end)}

    @property
    def read(self) -> "Read":
        """The time of which all is known when this is all that was read."""
        return Read(since=self.start, until=self.end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """
    The time of which all is known.

    Attributes:
        since: where it begins.
        until: where it ends; no earlier than `since`.
    """

    since: datetime
    until: datetime

    def with_window(self, window: Window) -> "Read":
        """The same after `window`, which touches it, was read too."""
        return Read(since=min(self.since, window.start), until=max(self.until, window.end))

    def before(self, moment: datetime | None) -> "Read":
        """The same without what comes after `moment`; all of it when there is none in it."""
        within = moment is not None and self.since < moment < self.until
        return replace(self, until=moment) if moment is not None and within else self

    @property
    def marks(self) -> Mapping[str, str]:
        """What is noted of it."""
        return {_SINCE: self.since.isoformat(), _UNTIL: self.until.isoformat()}


def read_marks(marks: Mapping[str, str]) -> Read | None:
    """What `Read.marks` said; None for nothing, or for what cannot be."""
    since, until = read_date(marks.get(_SINCE, "")), read_date(marks.get(_UNTIL, ""))
    if since is None or until is None or since > until:
        return None
    return Read(since=since, until=until)


def to_begin_with(read: Read | None, *, now: datetime) -> Read | None:
    """
    What of the time that was read is left so: `OVERLAP` is read again.

    When the clock went back, nothing of the time that it will show a second time is taken for read.
    """
    if read is None or read.since >= now:
        return None
    return replace(read, until=max(read.since, min(read.until, now) - OVERLAP))


def next_window(read: Read | None, *, wanted: datetime, now: datetime, longest: timedelta) -> Window | None:
    """
    What is to be asked for next; None when all is read.

    Args:
        read: of which time all is known.
        wanted: from when on all is to be known; when that is more than there is, the time before comes first.
        now: in UTC.
        longest: so much at once, `LONGEST` at most.
    """
    if read is None:
        start, end = wanted, min(wanted + longest, now)
    elif wanted < read.since:
        start, end = max(wanted, read.since - longest), read.since
    else:
        start, end = read.until, min(read.until + longest, now)
    return Window(start=start, end=end) if start < end else None


def _written(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}"
