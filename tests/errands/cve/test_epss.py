"""The scores of EPSS."""

import gzip

import pytest

from doorward.core.errors import SourceError
from doorward.core.vulnerabilities import Epss
from doorward.errands.cve.epss import parse_epss
from tests.errands.cve.documents import HTML, URL, epss

ROWS = ("CVE-1999-0001,0.01142,0.77871", "CVE-2024-3094,0.85,0.99", "CVE-2024-1234567,1e-05,0")
SCORES = [
    ("CVE-1999-0001", Epss(score=0.01142, percentile=0.77871)),
    ("CVE-2024-3094", Epss(score=0.85, percentile=0.99)),
    ("CVE-2024-1234567", Epss(score=1e-05, percentile=0.0)),
]


def packed(data: bytes) -> bytes:
    """The same each time, so that the tests of this file are called the same in every process."""
    return gzip.compress(data, mtime=0)


@pytest.mark.parametrize(
    "body",
    [
        epss(*ROWS),
        packed(epss(*ROWS)),
        epss(*ROWS).replace(b"\n", b"\r\n"),
        epss(*ROWS).partition(b"\n")[2],
    ],
)
def test_a_table_is_read_plain_or_packed_as_often_as_one_likes(body: bytes) -> None:
    table = parse_epss(body, url=URL)
    assert (len(table), list(table), list(table), table.notes) == (3, SCORES, SCORES, ())
    assert table.day == ("2026-11-27" if b"#" in body or body[:1] == b"\x1f" else "")


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "the answer is empty"),
        (packed(b""), "the answer is empty"),
        (HTML, "HTML page"),
        (b'{"status": "OK", "data": []}', "no head `cve,epss,percentile`"),
        (b"cve,percentile,epss\nCVE-1999-0001,0.5,0.5\n", "no head"),
        (epss(), "have no row, which cannot be"),
        (epss(*ROWS)[:-3], "cut short: the last line does not end"),
        (packed(epss(*ROWS))[:-9], "cut short: the packed file does not end|cannot be unpacked"),
        (packed(epss(*ROWS))[:30] + b"\0" * 40, "cannot be unpacked|cut short"),
        (epss(*(["CVE-1999-0001,x,y"] * 6), *ROWS), "more than 5 rows are not as we know them"),
        (epss(*ROWS, *([""] * 9)), "more than 5 rows"),
    ],
)
def test_what_is_no_table_is_told(body: bytes, problem: str) -> None:
    with pytest.raises(SourceError, match=problem):
        parse_epss(body, url=URL)


def test_a_few_ill_formed_rows_are_left_out_and_told() -> None:
    bad = (
        "CVE-1,0.5,0.5",
        "x CVE-1999-0002,0.5,0.5",
        "CVE-1999-0003,7,0.5",
        "CVE-1999-0004,nan,0.5",
        "-,-,-",
    )
    table = parse_epss(epss(ROWS[0], *bad, *ROWS[1:]), url=URL)
    assert list(table) == SCORES
    assert (len(table), len(table.notes)) == (3, 5)
    assert table.notes[0] == "one row was left out, 'CVE-1,0.5,0.5'"


def test_what_is_packed_cannot_grow_without_bound() -> None:
    bomb = packed(b"\0" * 50_000_000)
    with pytest.raises(SourceError, match="larger than 1000000 bytes"):
        parse_epss(bomb, url=URL, most_bytes=1_000_000)
    with pytest.raises(SourceError, match="more than 2 rows"):
        parse_epss(epss(*ROWS), url=URL, most_rows=2)
