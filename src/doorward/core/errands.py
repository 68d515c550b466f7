"""Errands of every kind: what a server goes out for by the clock."""

from collections.abc import Iterable

from doorward.core.backup_errands import BackupErrand
from doorward.core.cve_errands import CveErrand
from doorward.core.feed_errands import FeedErrand

Errand = FeedErrand | CveErrand | BackupErrand
"""
One `[errands.KIND.NAME]`, of any kind: each has `kind`, `name`, `timing`, `to`, and `about` for people.

What is to be done about one stands in `compose.errand_going`, once for the clock and for the command line.
"""


def errand_name(errand: Errand) -> str:
    """`feed.news`: its name among all errands, and among the schedules, where no other name has a dot."""
    return f"{errand.kind}.{errand.name}"


def errands_called(name: str, names: Iterable[str]) -> tuple[str, ...]:
    """Those of `names`, each by `errand_name`, that are meant by `feed.news` or just `news`."""
    return tuple(each for each in names if name in (each, each.partition(".")[2]))
