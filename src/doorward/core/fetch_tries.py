"""Whether a fetch is tried again, and when; time and chance come in."""

from doorward.core.errors import ConnectError
from doorward.core.fetching import FetchRequest, Head, Interrupted
from doorward.core.waits import doubled_seconds

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0

_IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"})
"""Source: RFC 9110 section 9.2.2."""

_PASSING = frozenset({408, 425, 429, 502, 503, 504})
"""What a server answers that may do better soon."""


def may_repeat(request: FetchRequest, error: ConnectError) -> bool:
    """Whether to make `request` again does no harm and may help, after `error`."""
    if not isinstance(error, Interrupted):
        return False
    return request.verb in _IDEMPOTENT or not error.was_sent


def may_do_better(request: FetchRequest, head: Head) -> bool:
    """Whether a server that answered so may soon answer what was asked."""
    return head.status in _PASSING and request.verb in _IDEMPOTENT


def pause_seconds(tries: int, *, asked_seconds: float | None, chance: float) -> float | None:
    """
    How long to wait before another try; None for no other try.

    Args:
        tries: how many there were, 1 and up.
        asked_seconds: what the server wants; None when it does not say.
        chance: from 0 to 1, so that many who failed at once do not come back at once.
    """
    if asked_seconds is not None:
        return asked_seconds if asked_seconds <= LONGEST_PAUSE_SECONDS else None
    longest = doubled_seconds(FIRST_PAUSE_SECONDS, doublings=tries - 1, most_seconds=LONGEST_PAUSE_SECONDS)
    return longest * (0.5 + chance / 2)
