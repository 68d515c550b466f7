"""Whether a request's conditions are met, by RFC 9110 section 13."""

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

IF_MATCH = "If-Match"
IF_NONE_MATCH = "If-None-Match"
IF_MODIFIED_SINCE = "If-Modified-Since"
IF_UNMODIFIED_SINCE = "If-Unmodified-Since"
IF_RANGE = "If-Range"

_TAG = re.compile(r'\s*((?:W/)?"[\x21\x23-\x7e\x80-\uffff]*")\s*(?:,|$)')


class Verdict(enum.Enum):
    """What the conditions say."""

    SEND = enum.auto()
    NOT_MODIFIED = enum.auto()
    FAILED = enum.auto()


@dataclass(frozen=True, slots=True)
class Validators:
    """
    What a file is compared by.

    Attributes:
        tag: its entity tag, a strong one, with its quotes.
        modified_at: when it was last changed, in whole seconds since 1970.
    """

    tag: str
    modified_at: int


def has_conditions(headers: Mapping[str, str]) -> bool:
    """Whether `judge` has anything to look at."""
    return (
        IF_NONE_MATCH in headers
        or IF_MODIFIED_SINCE in headers
        or IF_MATCH in headers
        or IF_UNMODIFIED_SINCE in headers
    )


def judge(headers: Mapping[str, str], validators: Validators) -> Verdict:
    """
    Judge the conditions of a GET or HEAD of a file that is there.

    A date that is none is no condition. Tags come before dates, which count whole seconds only.

    Source: RFC 9110 section 13.2.2.
    """
    if (tags := headers.get(IF_MATCH)) is not None:
        if not _names(tags, validators.tag, strongly=True):
            return Verdict.FAILED
    elif (since := _seconds(headers.get(IF_UNMODIFIED_SINCE))) is not None and validators.modified_at > since:
        return Verdict.FAILED
    if (tags := headers.get(IF_NONE_MATCH)) is not None:
        return Verdict.NOT_MODIFIED if _names(tags, validators.tag, strongly=False) else Verdict.SEND
    since = _seconds(headers.get(IF_MODIFIED_SINCE))
    return Verdict.SEND if since is None or validators.modified_at > since else Verdict.NOT_MODIFIED


def may_be_in_part(if_range: str | None, validators: Validators) -> bool:
    """
    Whether a range may be answered: the client's part is of this very file.

    Source: RFC 9110 section 13.1.5; a date has to be the very one that we sent.
    """
    if if_range is None:
        return True
    if '"' in if_range:
        return if_range.strip() == validators.tag
    return _seconds(if_range) == validators.modified_at


def _names(tags: str, tag: str, *, strongly: bool) -> bool:
    if tags.strip() == "*":
        return True
    place = 0
    while (match := _TAG.match(tags, place)) is not None:
        if match[1] == tag or (not strongly and match[1].removeprefix("W/") == tag):
            return True
        place = match.end()
    return False


def _seconds(date: str | None) -> int | None:
    """Seconds since 1970 that an HTTP date says; None for what is none."""
    if date is None:
        return None
    try:
        moment = parsedate_to_datetime(date)
    except (ValueError, TypeError, OverflowError):
        return None
    zoned: datetime = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return int(zoned.timestamp())
