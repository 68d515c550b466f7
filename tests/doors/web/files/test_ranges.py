"""Ranges of files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.doors.web.files.ranges import RANGES_MOST, NoRange, Part, parse_ranges


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("bytes=0-0", [(0, 0)]),
        ("bytes=0-", [(0, 99)]),
        ("bytes=99-", [(99, 99)]),
        ("bytes=-1", [(99, 99)]),
        ("bytes=-1000", [(0, 99)]),
        ("bytes=50-1000", [(50, 99)]),
        ("Bytes = 1-2", [(1, 2)]),
        ("bytes=0-0, 5-6,-1", [(0, 0), (5, 6), (99, 99)]),
        ("bytes=200-300,1-1", [(1, 1)]),
    ],
)
def test_parts_that_are_there_are_found(text: str, parts: list[tuple[int, int]]) -> None:
    assert parse_ranges(text, 100) == tuple(Part(*each) for each in parts)


@pytest.mark.parametrize("text", ["bytes=100-", "bytes=-0", "bytes=-", "bytes=a-b", "bytes=5-1"])
def test_parts_that_are_not_there_cannot_be_sent(text: str) -> None:
    assert parse_ranges(text, 100) is NoRange.UNSATISFIABLE


@pytest.mark.parametrize(
    "text", ["lines=1-2", "", "bytes=", "bytes=0-99,0-99", "bytes=" + ",".join(["0-0"] * (RANGES_MOST + 1))]
)
def test_what_asks_for_too_much_gets_the_whole_file(text: str) -> None:
    assert parse_ranges(text, 100) is NoRange.WHOLE


def test_of_an_empty_file_all_is_sent() -> None:
    assert parse_ranges("bytes=0-", 0) is NoRange.WHOLE


@given(st.text(st.sampled_from("bytes=0123456789-, ")), st.integers(0, 10_000))
def test_no_part_leads_out_of_the_file(text: str, size_bytes: int) -> None:
    parts = parse_ranges("bytes=" + text, size_bytes)
    if isinstance(parts, NoRange):
        return
    assert parts
    assert sum(part.size_bytes for part in parts) <= size_bytes
    assert all(0 <= part.first <= part.last < size_bytes for part in parts)
