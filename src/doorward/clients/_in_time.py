"""The time that something is given, and the error that says that it took longer."""

import asyncio
from collections.abc import Callable
from types import TracebackType

from doorward.core.fetching import OutOfTime


class Deadline:
    """
    Within, let all of it take until `ends_at`. A TimeoutError of something within is not taken for that.

    Args:
        ends_at: when the time is over, on the clock of the loop; None for never.
        error: makes what is raised then.
    """

    def __init__(self, ends_at: float | None, error: Callable[[], Exception]) -> None:
        self._scope = asyncio.timeout_at(ends_at)
        self._error = error

    async def __aenter__(self) -> None:
        await self._scope.__aenter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        raised: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            await self._scope.__aexit__(kind, raised, traceback)
        except TimeoutError as over:
            raise self._error() from over


def in_time(
    seconds: float, address: str, *, phase: Callable[[], str] = lambda: "read", next_step: str = ""
) -> Deadline:
    """
    Within, let all of a fetch take at most `seconds`, what is done with the answer included.

    Args:
        seconds: how long, from now on; a loop runs.
        address: for the error, an OutOfTime, without a login.
        phase: what the time was spent on, asked when it is over.
        next_step: what a person can do then.
    """
    ends_at = asyncio.get_running_loop().time() + seconds
    return Deadline(ends_at, lambda: OutOfTime(address, phase(), f"not done within {seconds:g} s", next_step))
