"""What the query string and the headers of a request say, strictly read."""

import re
from http import HTTPStatus

from doorward.doors.web.form_data import values_of
from doorward.doors.web.problems import Problem
from doorward.doors.web.visit import Visit

WAIT_SECONDS = 60.0
"""How long a request may wait at most; proxies give up on an answer soon after that."""

OFFSET_DIGITS = 12

LAST_EVENT = "end"
"""The id of the last event of a stream; whoever has had it wants nothing more."""

READER_PATTERN = "[A-Za-z0-9_-]{1,64}"

_READER = re.compile(READER_PATTERN)
_SECONDS = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3})?")
_OFFSET = re.compile(rf"[0-9]{{1,{OFFSET_DIGITS}}}")


def wait_of(visit: Visit) -> float | None:
    """
    For how many seconds the request is to wait; None when it does not say.

    Raises:
        Problem: it says something else than 0 to `WAIT_SECONDS`, or it says it twice.
    """
    text = _only(visit, "wait")
    if text is None:
        return None
    if not _SECONDS.fullmatch(text) or float(text) > WAIT_SECONDS:
        raise invalid("wait", f"expected seconds from 0 to {WAIT_SECONDS:g}")
    return float(text)


def offset_of(visit: Visit) -> int:
    """
    From which byte on output is wanted; 0 when the request does not say.

    Raises:
        Problem: it says something else than a whole number, or it says it twice.
    """
    return _offset("offset", _only(visit, "offset"))


def event_offset_of(visit: Visit) -> int | None:
    """
    Behind which byte a stream of events goes on; None for a client that has had the last event there is.

    That is where the last event ended that the client has had, else what `offset` says.

    Raises:
        Problem: it says something else than a whole number.

    Source: the HTML Standard, section 9.2.4: a browser sends the header when it connects again.
    """
    last = visit.request.headers.get("Last-Event-ID")
    if not last:
        return offset_of(visit)
    return None if last == LAST_EVENT else _offset("Last-Event-ID", last)


def reader_of(visit: Visit) -> str | None:
    """
    What whoever follows a run wants to be called; None when the request does not say.

    Raises:
        Problem: it is no such name, or it says it twice.
    """
    text = _only(visit, "reader")
    if text is not None and not _READER.fullmatch(text):
        raise invalid("reader", "expected at most 64 letters, digits, dashes or underscores")
    return text


def invalid(parameter: str, detail: str) -> Problem:
    """One thing is wrong with what was asked for."""
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        f"{parameter}: {detail}",
        members={"errors": [{"parameter": parameter, "detail": detail}]},
    )


def _offset(name: str, text: str | None) -> int:
    if text is None:
        return 0
    if not _OFFSET.fullmatch(text):
        raise invalid(name, "expected a number of bytes")
    return int(text)


def _only(visit: Visit, name: str) -> str | None:
    values = tuple(values_of(visit.query, name))
    if len(values) > 1:
        raise invalid(name, "expected one value")
    return values[0] if values else None
