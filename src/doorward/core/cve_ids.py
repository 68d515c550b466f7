"""What vulnerabilities are called: ids of CVE, and what publishers call those that have none."""

import re
from functools import lru_cache

ID_CHARACTERS = 200
"""Of an id at most: ids of CVE and of advisories have 9 to 30."""

NVD_PAGE = "https://nvd.nist.gov/vuln/detail/"
DEBIAN_PAGE = "https://security-tracker.debian.org/tracker/"
"""Pages about one vulnerability: its id follows."""

_CVE = re.compile(r"cve-([0-9]{4})-([0-9]{4}|[1-9][0-9]{4,11})", re.IGNORECASE | re.ASCII)
_MEANT = re.compile(r"(?:(?:cve-)?([0-9]{4})-)?([0-9]{4}|[1-9][0-9]{4,11})", re.IGNORECASE | re.ASCII)
_PER_YEAR = 10**12
_YEARS = range(1999, 2100)
"""Of the ids that a number alone may mean."""


def is_id(text: str) -> bool:
    """Whether a vulnerability may be called so: 1 to 200 printable characters, with no space at an end."""
    return 0 < len(text) <= ID_CHARACTERS and text.isprintable() and text == text.strip()


def canonical_id(text: str) -> str:
    """An id of CVE in capitals, as it is written; any other as it stands."""
    return text.upper() if cve_number(text) is not None else text


def key_of_id(text: str) -> str:
    """What two ids have in common that differ in capitals alone."""
    return canonical_id(text).casefold()


def cve_number(text: str) -> int | None:
    """
    A number for an id of CVE, greater than 0, that grows with its year and then with its own number.

    Returns:
        None for what is no such id, or has more than 12 digits.

    Source: CVE record format 5.1: a year, and four digits or more, of which the first of five is no zero.
    """
    match = _CVE.fullmatch(text)
    return None if match is None else int(match[1]) * _PER_YEAR + int(match[2])


@lru_cache(maxsize=256)
def cve_numbers_meant(word: str) -> frozenset[int]:
    """
    The numbers of the ids of CVE that somebody may mean by `word`.

    By `CVE-2021-27104` and `2021-27104` that one, by `27104` that of each year from 1999 to 2099, and by any
    other word none.
    """
    match = _MEANT.fullmatch(word)
    if match is None:
        return frozenset()
    years = _YEARS if match[1] is None else (int(match[1]),)
    return frozenset(year * _PER_YEAR + int(match[2]) for year in years)


def is_called(name: str, word: str) -> bool:
    """Whether `word` says the id `name`, in capitals or not, or its number; blanks around it do not count."""
    said = word.strip()
    if cve_number(name) in cve_numbers_meant(said):
        return True
    return is_id(said) and key_of_id(said) == key_of_id(name)


def id_said(text: str) -> str:
    """The id that somebody wrote, without blanks around it, and `2021-27104` with its `CVE-`."""
    said = text.strip()
    return f"CVE-{said}" if cve_number(f"CVE-{said}") is not None else canonical_id(said)
