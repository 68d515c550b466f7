"""What `since` may be."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.core.errors import BadArgument
from doorward.core.since import since_at

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("12h", datetime(2026, 11, 27, 0, tzinfo=UTC)),
        ("7d", datetime(2026, 11, 20, 12, tzinfo=UTC)),
        ("2w", datetime(2026, 11, 13, 12, tzinfo=UTC)),
        ("2026-11-01", datetime(2026, 11, 1, tzinfo=UTC)),
        ("0d", datetime(2026, 11, 27, 12, tzinfo=UTC)),
    ],
)
def test_it_is_so_long_ago_or_a_day_of_utc(text: str, moment: datetime) -> None:
    assert since_at(text, now_at=NOW) == moment.timestamp()


@pytest.mark.parametrize(
    "text", ["", "7", "d", "7m", "-7d", "7 d", "20261101", "2026-13-01", "2026-W01-1", "\u0667d"]
)
def test_anything_else_is_refused_with_what_was_expected(text: str) -> None:
    with pytest.raises(BadArgument, match="since: expected 12h, 7d, 2w or a day as 2026-11-01"):
        since_at(text, now_at=NOW)


@given(st.text(max_size=12) | st.from_regex(r"[0-9]{1,6}[hdw]|[0-9]{4}-[0-9]{2}-[0-9]{2}", fullmatch=True))
def test_only_a_bad_argument_escapes(text: str) -> None:
    with suppress(BadArgument):
        assert isinstance(since_at(text, now_at=NOW), float)
