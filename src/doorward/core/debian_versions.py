"""
Versions of Debian packages, in the order in which dpkg has them.

Source: deb-version(7), and section 5.6.12 of the Debian Policy.
"""

import re

_RUNS = re.compile(r"([^0-9]*)([0-9]*)")
_EPOCH = re.compile(r"[0-9]+")
_UPSTREAM = re.compile(r"[A-Za-z0-9.+~:-]+")
_REVISION = re.compile(r"[A-Za-z0-9.+~]+")

_Number = tuple[int, str]
_PartKey = tuple[tuple[int, ...] | _Number, ...]
VersionKey = tuple[_Number, _PartKey, _PartKey]
"""Two of them compare as the versions do; equal ones are equal, however they are written."""

_NO_NUMBER: _Number = (0, "")
_END = (0,)


def version_key(version: str) -> VersionKey:
    """
    A key to sort by.

    Args:
        version: `[EPOCH:]UPSTREAM[-REVISION]`. Without an epoch it is 0, and no revision counts as 0.

    Raises:
        ValueError: it is no version; the text says why.
    """
    epoch, colon, rest = version.partition(":")
    if not colon:
        epoch, rest = "0", version
    elif not _EPOCH.fullmatch(epoch):
        raise ValueError(f"the epoch of {version[:100]!r} is no number")
    upstream, dash, revision = rest.rpartition("-")
    if not dash:
        upstream, revision = rest, "0"
    if not _UPSTREAM.fullmatch(upstream) or not _REVISION.fullmatch(revision):
        raise ValueError(f"{version[:100]!r} is no version of a package")
    return _number_key(epoch), _part_key(upstream), _part_key(revision)


def is_older(version: str, than: str) -> bool:
    """
    Whether `version` comes before `than`.

    Raises:
        ValueError: one of them is no version.
    """
    return version_key(version) < version_key(than)


def _part_key(part: str) -> _PartKey:
    """Runs of other characters and of digits in turn, from a run of others on; closed by the end of all."""
    runs = _RUNS.findall(part)
    if len(runs) > 1:
        runs.pop()  # the empty one that is found at the end of any text
    keys: list[tuple[int, ...] | _Number] = []
    for others, digits in runs:
        keys += (*map(_weight, others), *_END), _number_key(digits)
    return (*keys, _END)


def _weight(character: str) -> int:
    """`~` before the end of a run, which is 0; letters after it, and after them all the rest."""
    if character == "~":
        return -1
    return ord(character) if character.isalpha() else ord(character) + 256


def _number_key(digits: str) -> _Number:
    # its length first, so that a number of any length costs no arithmetic
    written = digits.lstrip("0")
    return (len(written), written) if written else _NO_NUMBER
