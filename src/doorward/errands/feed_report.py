"""What came of a look at a feed, in a line."""

from doorward.core.counts import how_many
from doorward.errands.feed_watch import Watched


def outcome_text(watched: Watched) -> str:
    """`3 of 40 entries are new and 2 told`."""
    if watched.is_unchanged:
        return "nothing changed"
    entries = how_many(watched.entries, "entry")
    if watched.is_first:
        return f"watched from now on, with {entries}"
    if not watched.new:
        return f"none of {entries} is new"
    verb = "is" if watched.new == 1 else "are"
    told = "and told" if watched.told == watched.new else f"and {watched.told:,} told"
    return f"{watched.new:,} of {entries} {verb} new {told}"
