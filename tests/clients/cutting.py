"""Something between a client and a server that cuts connections after so many bytes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

from tests.clients.serving import serving


@dataclass(slots=True)
class Cutter:
    """
    What stands in between.

    Attributes:
        port: on 127.0.0.1.
        cuts: after how many bytes from the client each of the first connections is cut; others are not.
        connections: how many there were.
    """

    port: int = 0
    cuts: list[int] = field(default_factory=list)
    connections: int = 0

    def next_cut(self) -> int | None:
        self.connections += 1
        return self.cuts[self.connections - 1] if self.connections <= len(self.cuts) else None


@contextlib.asynccontextmanager
async def cutting(port: int) -> AsyncIterator[Cutter]:
    """Yield what stands before the server at `port` of 127.0.0.1."""
    cutter = Cutter()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _between(cutter, port, reader, writer)

    async with serving(connected, "127.0.0.1") as cutter.port:
        yield cutter


async def _between(
    cutter: Cutter, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
    cut = cutter.next_cut()
    there = asyncio.get_running_loop().create_task(_carry(reader, far_writer, most_bytes=cut))
    back = asyncio.get_running_loop().create_task(_carry(far_reader, writer, most_bytes=None))
    try:
        await asyncio.wait({there, back}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (there, back):
            task.cancel()
        await asyncio.gather(there, back, return_exceptions=True)
        for each in (writer, far_writer):
            each.transport.abort()
            with contextlib.suppress(OSError):
                await each.wait_closed()


async def _carry(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, most_bytes: int | None
) -> None:
    left = most_bytes
    while left is None or left > 0:
        data = await reader.read(64 * 1024)
        if not data:
            return
        data = data if left is None else data[:left]
        left = None if left is None else left - len(data)
        writer.write(data)
        await writer.drain()


def spread(end: int, count: int) -> Iterator[int]:
    """Yield `count` places from 1 to `end`, even ones and the last."""
    for number in range(1, count + 1):
        yield max(1, end * number // count)
