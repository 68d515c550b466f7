"""Moments as people and programs read them."""

from datetime import UTC, datetime


def iso_utc(wall_seconds: float) -> str:
    """`2026-11-27T08:16:00+00:00`, to the second."""
    return datetime.fromtimestamp(wall_seconds, UTC).isoformat(timespec="seconds")


def minute_utc(wall_seconds: float) -> str:
    """`2026-11-27 08:16 UTC`, as a letter has it."""
    return f"{datetime.fromtimestamp(wall_seconds, UTC):%Y-%m-%d %H:%M} UTC"
