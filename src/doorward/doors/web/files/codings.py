"""Which of a file's precompressed copies a client takes."""

import re
from collections.abc import Iterable
from types import MappingProxyType

ENDINGS = MappingProxyType({"br": b".br", "gzip": b".gz"})
"""Each content coding and how the name of such a copy ends, the smallest first."""

_ITEM = re.compile(
    r"\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*(?:;\s*[qQ]\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*)?"
)


def choose(accepted: str | None, offered: Iterable[str]) -> str | None:
    """
    The first of `offered` that the Accept-Encoding `accepted` allows; None for the file as it is.

    The client's own order of preference does not count: all that it accepts it can read, and ours is by size.
    What is no item of such a list is passed over.

    Source: RFC 9110 section 12.5.3; a weight of 0 forbids, and `*` speaks for what is not named.
    """
    if not accepted:
        return None
    allowed: dict[str, bool] = {}
    for item in accepted.split(","):
        if (match := _ITEM.fullmatch(item)) is not None:
            name = match[1].lower()
            allowed[{"x-gzip": "gzip"}.get(name, name)] = match[2] is None or float(match[2]) > 0
    anything = allowed.get("*", False)
    return next((coding for coding in offered if allowed.get(coding, anything)), None)
