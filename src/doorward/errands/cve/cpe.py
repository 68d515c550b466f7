"""
Names of products in CPE 2.3, and the ranges of versions beside them, for people.

Source: NIST IR 7695, section 6.2, for formatted strings; the schema of the NVD CVE API 2.0 for the ranges.
"""

import re
from dataclasses import dataclass

_COLON = re.compile(r"(?<!\\)((?:\\\\)*):")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_COMPONENTS = 13
_ANY = frozenset({"*", "-", ""})


@dataclass(frozen=True, slots=True, kw_only=True)
class Cpe:
    """
    What a CPE names.

    Attributes:
        vendor: with no escapes; empty for any.
        product: with no escapes; empty for any.
        version: with its update; empty for all, and for one that has none.
    """

    vendor: str
    product: str
    version: str


def range_words(
    *, start_including: str = "", start_excluding: str = "", end_including: str = "", end_excluding: str = ""
) -> str:
    """
    A range of versions for people: `from 1.0.0 to 7.33.2`; empty for one without bounds.

    Args:
        start_including: from this one on; empty for no bound, as the others.
        start_excluding: after this one.
        end_including: up to this one.
        end_excluding: before this one.
    """
    words = []
    if start_including:
        words.append(f"from {start_including}")
    elif start_excluding:
        words.append(f"after {start_excluding}")
    if end_including:
        words.append(f"to {end_including}" if words else f"up to {end_including}")
    elif end_excluding:
        words.append(f"before {end_excluding}")
    return " ".join(words)


def read_cpe(text: str) -> Cpe:
    r"""
    What `text` names: `cpe:2.3:a:if-me:ifme:1.0:rc1:*:*:*:*:*:*`, with `\:` for a colon within a component.

    Raises:
        ValueError: it is no formatted string of CPE 2.3.
    """
    parts = _COLON.sub("\\1\n", text).split("\n")
    if len(parts) != _COMPONENTS or parts[:2] != ["cpe", "2.3"]:
        raise ValueError(f"{text[:60]!r} is no CPE 2.3")
    vendor, product, version, update = (
        "" if part in _ANY else _ESCAPED.sub(r"\1", part) for part in parts[3:7]
    )
    return Cpe(vendor=vendor, product=product, version=" ".join(part for part in (version, update) if part))
