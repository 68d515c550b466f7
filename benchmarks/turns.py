"""A relay that counts turns: how often whoever connects through it asked something and heard an answer."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

READ_BYTES = 64 * 1024


@dataclass(slots=True)
class Turns:
    """
    What a relay saw.

    Attributes:
        port: of it, on 127.0.0.1.
        count: over all its connections; what is under way at the same time on one counts once.
    """

    port: int = 0
    count: int = 0


@contextlib.contextmanager
def counting_turns(port: int) -> Iterator[Turns]:
    """Relay to `port` of 127.0.0.1, in a thread, until left."""
    turns = Turns()
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(
        asyncio.start_server(_Relay(port, turns).meet, "127.0.0.1", 0, limit=READ_BYTES)
    )
    turns.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield turns
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()


class _Relay:
    def __init__(self, port: int, turns: Turns) -> None:
        self._port = port
        self._turns = turns

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Relay one connection to its end."""
        to_server = await asyncio.open_connection("127.0.0.1", self._port, limit=READ_BYTES)
        has_asked = False

        def asked() -> None:
            nonlocal has_asked
            has_asked = True

        def answered() -> None:
            nonlocal has_asked
            self._turns.count += has_asked
            has_asked = False

        with contextlib.suppress(OSError):
            await asyncio.gather(_copy(reader, to_server[1], asked), _copy(to_server[0], writer, answered))


async def _copy(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, passed: Callable[[], None]
) -> None:
    try:
        while data := await reader.read(READ_BYTES):
            passed()
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()
