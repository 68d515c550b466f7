import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.cli.expiry import Expiry, parse_expiry
from doorward.core.tokens import LAST_SECOND

NOW = 1_750_000_000


@pytest.mark.parametrize(
    ("word", "end"),
    [
        ("never", None),
        ("1h", NOW + 3600),
        ("30d", NOW + 30 * 86_400),
        ("8w", NOW + 56 * 86_400),
        ("36525d", NOW + 36_525 * 86_400),
        ("2027-01-01", 1_798_761_600),
        ("1970-01-01", 0),
        ("2028-02-29", 1_835_395_200),
    ],
)
def test_a_while_a_day_and_never_are_read(word: str, end: int | None) -> None:
    expiry = parse_expiry(word)
    assert expiry is not None
    assert expiry.of(NOW) == end


@pytest.mark.parametrize(
    "word",
    [
        *("", "0d", "d", "-1d", "1.5d", "30", "30 d", "30D", "30m", "3y", "030d", "36526d", "999999w", "٣d"),
        *("2027-02-29", "2027-1-1", "20270101", "2027-W01-1", "2027-01-01T00:00", "NEVER", "never\n", "1d\n"),
    ],
)
def test_what_says_no_end_is_none(word: str) -> None:
    assert parse_expiry(word) is None


@given(word=st.text() | st.from_regex(r"[0-9]{1,7}[hdw]|[0-9]{4}-[0-9]{2}-[0-9]{2}"))
def test_whatever_is_read_ends_at_a_moment_that_can_be_shown(word: str) -> None:
    expiry = parse_expiry(word)
    end = None if expiry is None else expiry.of(NOW)
    # a day of the first centuries is over, which the caller tells
    assert end is None or end <= LAST_SECOND


def test_without_either_it_is_never() -> None:
    assert Expiry().of(NOW) is None
