"""Moments as people and programs read them."""

from datetime import UTC, date, datetime


def iso_utc(wall_seconds: float) -> str:
    """`2026-11-27T08:16:00+00:00`, to the second."""
    return datetime.fromtimestamp(wall_seconds, UTC).isoformat(timespec="seconds")


def day_utc(wall_seconds: float) -> date:
    """The day that it is in UTC."""
    return datetime.fromtimestamp(wall_seconds, UTC).date()


def second_utc(wall_seconds: float) -> str:
    """`2026-11-27 08:16:00`, for a table that says UTC in its head."""
    return f"{datetime.fromtimestamp(wall_seconds, UTC):%Y-%m-%d %H:%M:%S}"


def minute_utc(wall_seconds: float) -> str:
    """`2026-11-27 08:16 UTC`, as a letter has it."""
    return f"{datetime.fromtimestamp(wall_seconds, UTC):%Y-%m-%d %H:%M} UTC"
