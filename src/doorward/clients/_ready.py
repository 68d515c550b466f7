"""Waiting on the loop until a descriptor can be read from or written to; it stays as it is: blocking."""

import asyncio
from collections.abc import Callable


async def until_readable(descriptor: int) -> None:
    """Wait until there is something to read, or its end."""
    loop = asyncio.get_running_loop()
    await _until(descriptor, loop.add_reader, loop.remove_reader)


async def until_writable(descriptor: int) -> None:
    """Wait until it takes something, or nobody will."""
    loop = asyncio.get_running_loop()
    await _until(descriptor, loop.add_writer, loop.remove_writer)


async def _until(descriptor: int, add: Callable[..., None], remove: Callable[[int], object]) -> None:
    ready = asyncio.get_running_loop().create_future()
    try:
        add(descriptor, _set, ready)
    except PermissionError:
        await asyncio.sleep(0)
        return  # a regular file, which is always ready: epoll_ctl(2)
    try:
        await ready
    finally:
        remove(descriptor)


def _set(ready: "asyncio.Future[None]") -> None:
    if not ready.done():
        ready.set_result(None)
