"""The dates of feeds."""

from datetime import UTC, datetime

import pytest

from doorward.errands.feeds.dates import read_date

NOON = datetime(2025, 11, 24, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("Mon, 24 Nov 2025 12:00:00 GMT", NOON),
        ("Mon, 24 Nov 2025 13:00:00 +0100", NOON),
        ("24 Nov 25 07:00 EST", NOON),
        ("Mon, 24 Nov 2025 12:00:00", NOON),
        ("  2025-11-24T12:00:00Z ", NOON),
        ("2025-11-24T13:00:00.000+01:00", NOON),
        ("2025-11-24 12:00:00", NOON),
        ("20251124T120000Z", NOON),
        ("2025-11-24", datetime(2025, 11, 24, tzinfo=UTC)),
        ("2025-11", datetime(2025, 11, 1, tzinfo=UTC)),
        ("2025", datetime(2025, 1, 1, tzinfo=UTC)),
        ("yesterday", None),
        ("", None),
        ("2025-13-01", None),
        ("0000", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("Mon, 99 Nov 2025 12:00:00 GMT", None),
        ("Mon, 24 Nov 2025 12:00:00 +9999999999", None),
        ("1" * 1000, None),
    ],
)
def test_dates_are_read_as_moments_in_utc(text: str, moment: datetime | None) -> None:
    assert read_date(text) == moment
