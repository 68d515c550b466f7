"""A port at which each connection has a task of its own, which ends with the test."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

Connected = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def serving(connected: Connected, host: str) -> AsyncIterator[int]:
    """Yield the port of a server that has each connection handled by `connected`."""
    tasks: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await connected(reader, writer)

    def begun(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(handle(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    listener = await asyncio.start_server(begun, host, 0)
    try:
        port: int = listener.sockets[0].getsockname()[1]
        yield port
    finally:
        listener.close()
        for task in (waiting := list(tasks)):
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        await listener.wait_closed()
