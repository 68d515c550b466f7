"""SIGTERM and SIGHUP for what runs on a loop: it is cancelled, and puts away what it has begun."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import TypeVar

T = TypeVar("T")

_ENDS_IT = (signal.SIGTERM, signal.SIGHUP)


class EndedBySignal(Exception):
    """
    A signal came, and what was begun has been put away.

    Attributes:
        status: to exit with.
    """

    def __init__(self, signal_number: int) -> None:
        super().__init__()
        self.status = 128 + signal_number


async def until_signal(work: Coroutine[object, object, T]) -> T:
    """
    Wait for `work`; the loop is that of this program alone.

    Raises:
        EndedBySignal: a signal came before.
    """
    this = asyncio.current_task()
    assert this is not None  # noqa: S101 - asyncio.run has made it
    came: list[int] = []

    def end(number: int) -> None:
        came.append(number)
        this.cancel()

    for number in _ENDS_IT:
        asyncio.get_running_loop().add_signal_handler(number, end, number)
    try:
        return await work
    except asyncio.CancelledError:
        if came:
            raise EndedBySignal(came[0]) from None
        raise
