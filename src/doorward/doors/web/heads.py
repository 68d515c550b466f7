"""The heads of answers, as bytes; what of them is the same for each request is made once for a file."""

from collections.abc import Iterable
from http import HTTPStatus

from aiohttp.helpers import rfc822_formatted_time

Fields = Iterable[tuple[str, str]]

DATE = b"\r\nDate: "
"""What an opened head ends with."""

_END = b"\r\n\r\n"
_CLOSE = b"\r\nConnection: close"
_KEEP = b"\r\nConnection: keep-alive"


def open_head(status: HTTPStatus, fields: Fields) -> bytes:
    """
    The beginning of a head, to be ended by `ended`.

    Raises:
        ValueError: a field holds what would end it.
    """
    lines = [f"HTTP/1.1 {status.value} {status.phrase}"]
    for name, value in fields:
        if not (name + value).isprintable() or not value.isascii():
            raise ValueError(f"{name} cannot hold {value!r}")
        lines.append(f"{name}: {value}")
    return "\r\n".join(lines).encode("ascii") + DATE


def with_field(opened: bytes, name: str, value: str) -> bytes:
    """An opened head with one more field."""
    return opened.removesuffix(DATE) + f"\r\n{name}: {value}".encode("ascii") + DATE


def ended(opened: bytes, *, keeps_alive: bool, is_http_1_0: bool) -> bytes:
    """
    The whole head: `opened` with the date and what becomes of the connection.

    Source: RFC 9112 section 9.3; only what is not the version's default is said.
    """
    head = opened + rfc822_formatted_time().encode("ascii")
    if not keeps_alive:
        head += _CLOSE
    elif is_http_1_0:
        head += _KEEP
    return head + _END
