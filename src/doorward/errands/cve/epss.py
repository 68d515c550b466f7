"""
The scores of EPSS, as FIRST publishes them each day.

Source: www.first.org/epss/data_stats: a line `#model_version:…,score_date:…`, then CSV with a head.
"""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from doorward.core.errors import SourceError
from doorward.core.vulnerabilities import Epss
from doorward.errands.cve.documents import AGAIN, MOST_ILL_FORMED, refuse_strangers

NAME = "the scores of EPSS"
MOST_SCORES = 1_000_000
"""Three times as many as there are CVEs."""

_GZIP = b"\x1f\x8b"
_UNPACKED_BYTES = 1024 * 1024
_LINE_BYTES = 1024
_COMMENT = re.compile(rb"#([^\r\n]{0,400})\r?\n")
_HEAD = re.compile(rb"cve,epss,percentile\r?\n")
_ROW = re.compile(rb"^(CVE-[0-9]{4}-[0-9]{4,19}),([0-9.eE+-]{1,30}),([0-9.eE+-]{1,30})\r?\n", re.MULTILINE)
_DAY = re.compile(r"score_date:([0-9]{4}-[0-9]{2}-[0-9]{2})")


@dataclass(frozen=True, slots=True)
class EpssTable:
    """
    The scores of one day, read anew from the document each time they are gone through.

    Attributes:
        day: of which they are, `2026-11-27`; empty when the document does not say.
        notes: which rows were left out.
    """

    day: str
    notes: tuple[str, ...]
    _csv: bytes
    _begin: int
    _count: int

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[tuple[str, Epss]]:
        for row in _ROW.finditer(self._csv, self._begin):
            values = _values(row)
            if values is not None:
                yield row[1].decode("ascii"), Epss(score=values[0], percentile=values[1])


def parse_epss(
    body: bytes, *, url: str, most_bytes: int = 128 * 1024 * 1024, most_rows: int = MOST_SCORES
) -> EpssTable:
    """
    The table that `body` is, looked over to its end.

    Args:
        body: CSV, plain or packed with gzip.
        url: where from, for the errors.
        most_bytes: how long it may be, unpacked.
        most_rows: how many there may be.

    Raises:
        SourceError: it is something else, cut short, without a row, or too large.
    """
    csv = _unpacked(body, url=url, most_bytes=most_bytes)
    refuse_strangers(csv, url=url, name=NAME)
    comment = _COMMENT.match(csv)
    head = _HEAD.match(csv, 0 if comment is None else comment.end())
    if head is None:
        problem = "they begin with no head `cve,epss,percentile`"
        raise SourceError(url, f"this is not {NAME} as we know them: {problem}", AGAIN)
    if not csv.endswith(b"\n"):
        raise SourceError(url, f"{NAME} are cut short: the last line does not end", AGAIN)
    count, notes = _looked_over(csv, head.end(), url=url, most_rows=most_rows)
    named = None if comment is None else _DAY.search(comment[1].decode("ascii", "replace"))
    return EpssTable(named[1] if named else "", notes, csv, head.end(), count)


def _unpacked(body: bytes, *, url: str, most_bytes: int) -> bytes:
    if not body.startswith(_GZIP):
        return body
    unpacking = zlib.decompressobj(31)
    unpacked = bytearray()
    try:
        while not unpacking.eof:
            piece = unpacking.decompress(body, _UNPACKED_BYTES)
            body = unpacking.unconsumed_tail
            unpacked += piece
            if len(unpacked) > most_bytes:
                problem = f"{NAME} are larger than {most_bytes} bytes"
                raise SourceError(url, problem, "limits.cve_bytes says how large they may be")
            if not piece and not body and not unpacking.eof:
                raise SourceError(url, f"{NAME} are cut short: the packed file does not end", AGAIN)
    except zlib.error as error:
        raise SourceError(url, f"{NAME} cannot be unpacked: {error}", AGAIN) from error
    return bytes(unpacked)


def _looked_over(csv: bytes, begin: int, *, url: str, most_rows: int) -> tuple[int, tuple[str, ...]]:
    """How many rows are well-formed, and what is to be said of the others."""
    count = 0
    at = begin
    ill_formed: list[bytes] = []
    for row in _ROW.finditer(csv, begin):
        if row.start() != at:
            ill_formed += _first_lines(csv, at, row.start())
        at = row.end()
        if _values(row) is None:
            ill_formed.append(row[0])
        else:
            count += 1
        if len(ill_formed) > MOST_ILL_FORMED:
            break
        if count > most_rows:
            raise SourceError(url, f"{NAME} have more than {most_rows} rows, which cannot be", AGAIN)
    ill_formed += _first_lines(csv, at, len(csv))
    _refuse_many(ill_formed, url=url)
    if not count:
        raise SourceError(url, f"{NAME} have no row, which cannot be", AGAIN)
    return count, tuple(f"one row was left out, {_shown(row)}" for row in ill_formed)


def _first_lines(csv: bytes, begin: int, end: int) -> list[bytes]:
    """As many of the lines from `begin` to `end` as are told: a hundred million would fill the memory."""
    lines: list[bytes] = []
    while begin < end and len(lines) <= MOST_ILL_FORMED:
        line_end = csv.find(b"\n", begin, end)
        line_end = end if line_end < 0 else line_end
        # a line of all that there is would be as bad
        lines.append(csv[begin : min(line_end, begin + _LINE_BYTES)].removesuffix(b"\r"))
        begin = line_end + 1
    return lines


def _refuse_many(ill_formed: list[bytes], *, url: str) -> None:
    if len(ill_formed) > MOST_ILL_FORMED:
        problem = f"more than {MOST_ILL_FORMED} rows are not as we know them, such as {_shown(ill_formed[0])}"
        raise SourceError(url, f"{NAME}: {problem}", AGAIN)


def _values(row: re.Match[bytes]) -> tuple[float, float] | None:
    """Score and percentile of a row; None for what cannot be."""
    try:
        score, percentile = float(row[2]), float(row[3])
    except ValueError:
        return None
    return (score, percentile) if 0.0 <= score <= 1.0 and 0.0 <= percentile <= 1.0 else None


def _shown(row: bytes) -> str:
    return repr(row[:60].decode("utf-8", "replace"))
