"""The event loop that a program runs on, and the end of what goes on there."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def loop_factory(name: str) -> Callable[[], asyncio.AbstractEventLoop]:
    """What makes the loop called `name`, `uvloop` or `asyncio`."""
    if name == "asyncio":
        return asyncio.new_event_loop
    import uvloop  # imported for this loop only

    return uvloop.new_event_loop


def run_quickly(work: Coroutine[Any, Any, T]) -> T:
    """As `asyncio.run`, for work that moves a lot: loading uvloop takes longer than a little work does."""
    with asyncio.Runner(loop_factory=loop_factory("uvloop")) as runner:
        return runner.run(work)


async def until(hurry: asyncio.Event, drain: Coroutine[object, object, None]) -> None:
    """Wait for the end of `drain`, which is cancelled once `hurry` is set."""
    async with asyncio.TaskGroup() as group:
        draining = group.create_task(drain)
        hurrying = group.create_task(hurry.wait())
        await asyncio.wait({draining, hurrying}, return_when=asyncio.FIRST_COMPLETED)
        draining.cancel()
        hurrying.cancel()
