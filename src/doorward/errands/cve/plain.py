"""The texts of a source, made plain: one kind of space, and nothing that nobody sees."""

import re
import unicodedata
from datetime import date

from doorward.core.cve_bounds import MOST_WEAKNESSES
from doorward.core.vulnerabilities import MOST_REFERENCES
from doorward.errands.feeds.texts import cut

LINE_CHARACTERS = 1_000
"""As long as a short text may be: a vendor, a product, a vector."""

MOST_CVES = 100
"""As many as one text is read to tell of."""

_ADDRESS_CHARACTERS = 1_000
_ADDRESS = re.compile(r"(?:https?|ftp)://[^\s<>\"'`\\^{|}]+", re.IGNORECASE)
_WITH_LOGIN = re.compile(r"[A-Za-z]+://[^/?#]*@")
_CVE = re.compile(r"(?<![A-Za-z0-9-])CVE-[0-9]{4}-[0-9]{4,19}(?![0-9])", re.IGNORECASE)
_CWE = re.compile(r"CWE-[0-9]{1,6}")
_OTHERS = ("Cc", "Cf", "Cn", "Co", "Cs")


def line(text: str, *, most_characters: int = LINE_CHARACTERS) -> str:
    """`text` on one line; what is longer is cut and ends in `…`. Four times as much is looked at."""
    return cut(" ".join(_seen(text[: 4 * most_characters]).split()), most_characters)


def paragraphs(text: str, *, most_characters: int) -> str:
    """`text` with an LF where a line of it ends, no empty lines, and cut as `line` does."""
    lines = (" ".join(_seen(each).split()) for each in text[: 4 * most_characters].splitlines())
    return cut("\n".join(each for each in lines if each), most_characters)


def address(text: str) -> str:
    """
    `text` when it is the address of a page, which a reader may be sent to; else empty.

    One with a login is none: who reads `https://nvd.nist.gov@example.org/` believes the wrong part of it.
    """
    text = text.strip()
    fits = len(text) <= _ADDRESS_CHARACTERS and text.isprintable()
    return text if fits and _ADDRESS.fullmatch(text) and _WITH_LOGIN.match(text) is None else ""


def addresses(*texts: str) -> tuple[str, ...]:
    """Those of `texts` that are addresses, each once, and no more of them than an account keeps."""
    found = dict.fromkeys(each for each in map(address, texts) if each)
    return tuple(found)[:MOST_REFERENCES]


def addresses_in(text: str) -> tuple[str, ...]:
    """The addresses that stand in `text`, as `addresses` has them."""
    return addresses(*(each.rstrip(".,;:)") for each in _ADDRESS.findall(text)))


def cve_id(text: str) -> str:
    """
    `text`, the id of a CVE, in capitals.

    Raises:
        ValueError: it is none.

    Source: the CVE rules, CVE-YYYY-NNNN…
    """
    if _CVE.fullmatch(text) is None:
        raise ValueError(f"{text[:40]!r} is no id of a CVE")
    return text.upper()


def cve_ids_in(text: str) -> tuple[str, ...]:
    """The ids of CVEs that stand in `text`, in order, each once, `MOST_CVES` of them at most."""
    return tuple(dict.fromkeys(each.upper() for each in _CVE.findall(text)))[:MOST_CVES]


def weaknesses(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Those of `texts` that name a weakness of the CWE, each once; NVD has `NVD-CWE-noinfo` too."""
    return tuple(dict.fromkeys(each for each in texts if _CWE.fullmatch(each)))[:MOST_WEAKNESSES]


def day(text: str) -> date | None:
    """The day that `text` names as `2026-11-27`; None when it names none."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def _seen(text: str) -> str:
    """`text` without what nobody sees: control characters, and those that turn or hide others."""
    if text.isprintable():
        return text
    return "".join(each for each in text if each.isspace() or unicodedata.category(each) not in _OTHERS)
