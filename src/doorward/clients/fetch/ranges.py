"""What an answer says of the whole that its body is a part of; nothing is read here."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from doorward.core.fetching import FetchRequest

_CONTENT_RANGE = re.compile(r"bytes\s+(\d{1,18})-(\d{1,18})/(\d{1,18}|\*)", re.IGNORECASE)
_STRONG_TAG = re.compile(r'"[\x21\x23-\x7e\x80-\xff]*"')
_SIZE = re.compile(r"\d{1,18}")
_SECONDS = re.compile(r"\s*(\d{1,9})\s*")

_STRONG_AFTER = timedelta(seconds=60)
"""A time is a strong validator when the answer is so much younger. Source: RFC 9110 section 8.8.2.2."""


@dataclass(frozen=True, slots=True)
class Extent:
    """
    Which part of the whole a body is.

    Attributes:
        from_bytes: its first byte.
        size: of the whole; None when it is not known.
    """

    from_bytes: int = 0
    size: int | None = None


def range_headers(request: FetchRequest) -> dict[str, str]:
    """The headers that ask for the rest of what was fetched in part; none for the whole."""
    if not (request.from_bytes and request.validator):
        return {}
    return {"Range": f"bytes={request.from_bytes}-", "If-Range": request.validator}


def extent_of(status: int, headers: Mapping[str, str], request: FetchRequest) -> Extent | None:
    """
    Which part came; None when it is not the one that was asked for, and the whole must be asked for instead.

    A server that passes over If-Range is found out by the validator that it sends along.
    """
    if status == 416 and request.from_bytes:
        return None
    if status != 206 or not request.from_bytes:
        length = headers.get("Content-Length", "")
        is_packed = headers.get("Content-Encoding", "identity").lower() not in {"", "identity"}
        known = _SIZE.fullmatch(length) and not is_packed and "Transfer-Encoding" not in headers
        return Extent(0, int(length) if known else None)
    match = _CONTENT_RANGE.fullmatch(headers.get("Content-Range", "").strip())
    if match is None or int(match[1]) != request.from_bytes:
        return None
    if request.validator.startswith('"') and headers.get("ETag", request.validator) != request.validator:
        return None
    if headers.get("Content-Encoding", "identity").lower() not in {"", "identity"}:
        return None
    size = None if match[3] == "*" else int(match[3])
    if size is not None and int(match[2]) != size - 1:
        return None
    return Extent(request.from_bytes, size)


def is_unasked_part(status: int, request: FetchRequest) -> bool:
    """Whether a part came where the whole was asked for; saved as the whole, it would be cut silently."""
    asked = request.from_bytes or any(name.lower() == "range" for name in request.headers)
    return status == 206 and not asked


def validator_of(headers: Mapping[str, str]) -> str:
    """By what the rest of an answer can be asked for; empty when nothing is strong enough."""
    if headers.get("Content-Encoding", "identity").lower() not in {"", "identity"}:
        return ""
    if _STRONG_TAG.fullmatch(tag := headers.get("ETag", "").strip()):
        return tag
    modified = headers.get("Last-Modified", "").strip()
    changed, sent = read_date(modified), read_date(headers.get("Date", ""))
    return modified if changed and sent and sent - changed >= _STRONG_AFTER else ""


def read_date(text: str) -> datetime | None:
    """A time of HTTP, in UTC; None for what is none."""
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, IndexError, OverflowError):
        return None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """How long the server wants to be left alone, by its own clock; None when it does not say."""
    text = headers.get("Retry-After", "")
    if not text:
        return None
    if match := _SECONDS.fullmatch(text):
        return float(match[1])
    until, sent = read_date(text), read_date(headers.get("Date", ""))
    return max(0.0, (until - sent).total_seconds()) if until and sent else None
