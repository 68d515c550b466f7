"""Feeds among the schedules: each is one whose name no command's schedule can have."""

from collections.abc import Iterable

from doorward.core.feed_errands import FeedErrand
from doorward.core.schedules import Schedule

FEED_PREFIX = "feed."
"""Before the name of a feed, where errands and schedules are told apart by their names."""


def feed_schedules(errands: Iterable[FeedErrand]) -> list[Schedule]:
    """The schedules of `errands`. They send no mail: the errand itself tells what is to be told."""
    return [
        Schedule(
            name=f"{FEED_PREFIX}{errand.name}",
            command="feed",
            line=f"feed {errand.url}",
            timing=errand.timing,
            to=errand.to,
        )
        for errand in errands
    ]


def feed_named(schedule: Schedule) -> str | None:
    """The name of the errand that `schedule` is of; None for that of a command."""
    return schedule.name.removeprefix(FEED_PREFIX) if schedule.name.startswith(FEED_PREFIX) else None
