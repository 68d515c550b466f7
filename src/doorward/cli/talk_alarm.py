"""The end of a search that does not end, which no deadline of the loop can bring about."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from doorward.clients.talk.session import TalkSession

_GRACE_SECONDS = 1.0


class Overdue(Exception):
    """A search had not ended soon after the deadline."""


@contextmanager
def broken_off(session: TalkSession) -> Iterator[None]:
    """
    Within, break off a search that has not ended soon after the deadline.

    A pattern such as `(a+)+$` takes longer than anybody lives, and the loop stands still in it. The regular
    expressions of Python look for signals while they search.

    Raises:
        Overdue: that happened.
    """
    if session.ends_at is None:
        yield
        return

    def end(_number: int, _frame: FrameType | None) -> None:
        if session.is_searching:
            raise Overdue

    left_seconds = max(session.ends_at - asyncio.get_running_loop().time(), 0)
    previous = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, left_seconds + _GRACE_SECONDS, _GRACE_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
