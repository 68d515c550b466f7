"""Waits that grow with each try in vain."""

_MOST_DOUBLINGS = 32
"""More than any wait has; and 2.0**1024 is no float."""


def doubled_seconds(first_seconds: float, *, doublings: int, most_seconds: float) -> float:
    """The wait after `first_seconds` was doubled so often, but no longer than `most_seconds`."""
    return min(first_seconds * 2.0 ** min(doublings, _MOST_DOUBLINGS), most_seconds)
