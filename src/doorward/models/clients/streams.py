"""Ask with asyncio's streams: each question reads like one that blocks, and many of them wait at once."""

import asyncio
from collections.abc import Sequence

from doorward.models.clients._question import READ_BYTES, Question


async def ask(address: tuple[str, int], line: str, *, timeout_seconds: float = 10.0) -> bytes:
    """
    The answer of the server at `address` to `line`.

    Raises:
        OSError: nobody is there, or the connection was lost.
        TimeoutError: there was no whole answer in time.
        ValueError: what came is no answer.
    """
    question = Question(line)
    # [the wait]
    async with asyncio.timeout(timeout_seconds):
        reader, writer = await asyncio.open_connection(*address)
        try:
            while not question.is_over:
                question.receive_data(await reader.read(READ_BYTES))
                writer.write(question.bytes_to_send())
                await writer.drain()
        finally:
            writer.close()
            await asyncio.gather(writer.wait_closed(), return_exceptions=True)
    # [end]
    return question.answer


async def ask_all(address: tuple[str, int], lines: Sequence[str]) -> list[bytes]:
    """
    The answers to `lines`, asked all at once.

    Raises:
        ExceptionGroup: of what `ask` raises; the others are given up then.
    """
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(ask(address, line)) for line in lines]
    return [task.result() for task in tasks]
