"""The time that a whole fetch is given, what is done with the answer included."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from doorward.core.fetching import OutOfTime


@asynccontextmanager
async def in_time(
    seconds: float, address: str, *, phase: Callable[[], str] = lambda: "read", next_step: str = ""
) -> AsyncIterator[None]:
    """
    Within, let all of it take at most `seconds`.

    Args:
        seconds: how long.
        address: for the error, without a login.
        phase: what the time was spent on, asked when it is over.
        next_step: what a person can do then.

    Raises:
        OutOfTime: it took longer. A TimeoutError of something within is not taken for that.
    """
    scope = asyncio.timeout(seconds)
    try:
        async with scope:
            yield
    except TimeoutError as error:
        if not scope.expired():
            raise
        raise OutOfTime(address, phase(), f"not done within {seconds:g} s", next_step) from error
