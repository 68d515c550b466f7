"""The machine's time."""

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from doorward.core.ports import Timer


class SystemClock:
    """The `Clock` of a running program: the kernel's clocks, and the timers of one loop."""

    __slots__ = ("_loop",)

    # the functions themselves: a record of the audit trail asks for the time, and a method would double that
    monotonic = staticmethod(time.monotonic)
    wall = staticmethod(time.time)  # noqa: TID251 - the one place where a program reads the wall clock

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def call_later(self, delay_seconds: float, callback: Callable[[], object], /) -> "Timer":
        return self._loop.call_later(delay_seconds, callback)
