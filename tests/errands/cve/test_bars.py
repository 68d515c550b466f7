"""Bars of characters."""

from hypothesis import given
from hypothesis import strategies as st

from doorward.core.cve_filters import CveCounts
from doorward.errands.cve.bars import counts_text

some_counts = st.lists(st.tuples(st.integers(0, 5_000), st.integers(0, 50)), min_size=1, max_size=12).map(
    lambda pairs: [
        CveCounts(period=f"2025-{month:02}-01", published=published, exploited=exploited)
        for month, (published, exploited) in enumerate(pairs, start=1)
    ]
)


def test_each_month_has_two_bars_each_by_a_scale_of_its_own() -> None:
    counts = [
        CveCounts(period="2025-01-01", published=4000, exploited=1),
        CveCounts(period="2025-02-01", published=2000, exploited=0),
    ]
    assert counts_text(counts, width=60) == (
        "MONTH    PUBLISHED                 EXPLOITED\n"
        "2025-01       4000  #############          1  #############\n"
        "2025-02       2000  ######                 0\n"
        "6000 published and 1 exploited, each by a scale of its own\n"
    )


def test_nothing_is_drawn_of_nothing() -> None:
    assert counts_text([]) == ""


@given(some_counts, st.integers(50, 200))
def test_what_there_is_is_seen_and_no_line_is_too_long(counts: list[CveCounts], width: int) -> None:
    lines = counts_text(counts, width=width).splitlines()
    assert len(lines) == len(counts) + 2
    assert max(map(len, lines[:-1])) <= width
    for line, each in zip(lines[1:-1], counts, strict=True):
        assert line.count("#") >= bool(each.published) + bool(each.exploited)
        numbers = [int(word) for word in line.split()[1:] if word.isdigit()]
        assert numbers == [each.published, each.exploited]
