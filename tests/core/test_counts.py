"""Numbers with what they count."""

import pytest

from doorward.core.counts import how_many, times, times_in_a_row


@pytest.mark.parametrize(
    ("number", "noun", "said"),
    [
        (0, "new entry", "0 new entries"),
        (1, "new entry", "1 new entry"),
        (1_404, "vulnerability", "1,404 vulnerabilities"),
        (2, "day", "2 days"),
        (1, "file", "1 file"),
        (10_200, "file", "10,200 files"),
    ],
)
def test_a_noun_goes_with_its_number(number: int, noun: str, said: str) -> None:
    assert how_many(number, noun) == said


def test_times_are_counted_as_people_do() -> None:
    assert [times(each) for each in (1, 2, 3, 1_000)] == ["once", "twice", "3 times", "1,000 times"]
    assert [times_in_a_row(each) for each in (1, 2, 3)] == ["once", "twice in a row", "3 times in a row"]
