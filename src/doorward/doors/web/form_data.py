"""Names and values, as a form that is sent and a query have them; pure."""

from collections.abc import Iterator
from http import HTTPStatus
from urllib.parse import parse_qsl

from doorward.doors.web.problems import Problem

FIELDS_MOST = 512
"""Source: the parameters of a command and what goes with each form are a few dozen at most."""

Pairs = tuple[tuple[str, str], ...]


def parse_pairs(data: bytes) -> Pairs:
    """
    The names and values of a form or of a query.

    Raises:
        Problem: it is no text, or of more than `FIELDS_MOST` fields.
    """
    try:
        text = data.decode("ascii")
        return tuple(parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=FIELDS_MOST))
    except ValueError:
        raise Problem(HTTPStatus.BAD_REQUEST, "the fields cannot be read") from None


def values_of(pairs: Pairs, name: str) -> Iterator[str]:
    """The values of the fields called `name`."""
    return (value for key, value in pairs if key == name)
