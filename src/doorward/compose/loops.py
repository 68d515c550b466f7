"""The event loop that a server runs on, and the end of what goes on there."""

import asyncio
from collections.abc import Callable, Coroutine


def loop_factory(name: str) -> Callable[[], asyncio.AbstractEventLoop]:
    """What makes the loop called `name`, `uvloop` or `asyncio`."""
    if name == "asyncio":
        return asyncio.new_event_loop
    import uvloop  # imported for this loop only

    return uvloop.new_event_loop


async def until(hurry: asyncio.Event, drain: Coroutine[object, object, None]) -> None:
    """Wait for the end of `drain`, which is cancelled once `hurry` is set."""
    async with asyncio.TaskGroup() as group:
        draining = group.create_task(drain)
        hurrying = group.create_task(hurry.wait())
        await asyncio.wait({draining, hurrying}, return_when=asyncio.FIRST_COMPLETED)
        draining.cancel()
        hurrying.cancel()
