"""Peers that a test scripts, each for one connection after the other."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def peer(
    handler: Handler, *, context: ssl.SSLContext | None = None, path: Path | None = None
) -> AsyncIterator[str]:
    """The address of one that handles each connection so, and then closes it."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        this = asyncio.current_task()
        assert this is not None
        tasks.add(this)
        try:
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await handler(reader, writer)
        finally:
            tasks.discard(this)
            writer.close()

    if path is None:
        listener = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
        address = f"127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    else:
        listener = await asyncio.start_unix_server(serve, path)
        address = f"unix://{path}"
    try:
        yield address
    finally:
        listener.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await listener.wait_closed()


def saying(*chunks: bytes) -> Handler:
    """One that says so, with a turn of the loop between the chunks, and closes."""

    async def handle(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for chunk in chunks:
            writer.write(chunk)
            await writer.drain()
            await asyncio.sleep(0)

    return handle


def then_silent(*chunks: bytes) -> Handler:
    """One that says so, and then listens until we leave."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await saying(*chunks)(reader, writer)
        while await reader.read(65536):
            pass

    return handle


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Give all back, and close with whoever said it."""
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


async def endless_line(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say one line for ever."""
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Greet, and never read."""
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    writer.write(b"ready\n")
    await writer.drain()
    await asyncio.get_running_loop().create_future()
