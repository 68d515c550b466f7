"""What is told when the system has nothing left to accept a connection with: a line now and then."""

import asyncio
import errno
import logging
from collections.abc import Callable
from typing import Any

_log = logging.getLogger("doorward.gate")

TOLD_SECONDS = 1.0
"""At most one line in so many: whoever exhausts descriptors must not fill the disk as well."""

_EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class ExhaustionTeller:
    """
    A loop's exception handler that tells of failed accepts, and leaves everything else to the loop's own.

    asyncio's loop calls it for every accept that fails, and tries again after a second. uvloop's does not: it
    closes what waits to be accepted, and goes on.

    Args:
        monotonic: the time in seconds.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._failed = 0
        self._tells_at = monotonic()

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Hear of an error that nobody caught."""
        error = context.get("exception")
        if "accept" not in context["message"] or not _is_exhaustion(error):
            loop.default_exception_handler(context)
            return
        self._failed += 1
        if (now := self._monotonic()) >= self._tells_at:
            _log.warning("connections could not be accepted, %d times by now: %s", self._failed, error)
            self._tells_at = now + TOLD_SECONDS


def _is_exhaustion(error: object) -> bool:
    return isinstance(error, OSError) and error.errno in _EXHAUSTED
