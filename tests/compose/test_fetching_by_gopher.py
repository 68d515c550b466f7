"""Fetching by Gopher, from a server in a few lines."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

import doorward
from doorward.core.errors import ConnectError
from doorward.core.fetching import OutOfTime, TooLong


@asynccontextmanager
async def serving() -> AsyncIterator[str]:
    """A server of Gopher that gives the selector back; `hang` never ends."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        selector = await reader.readline()
        writer.write(b"you asked for " + selector)
        if selector == b"hang\r\n":
            await reader.read()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"gopher://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await server.wait_closed()


async def test_a_text_comes_as_it_is() -> None:
    async with serving() as url:
        page = await doorward.fetch(f"{url}/0about%20us")
    assert (page.status, page.body) == (200, b"you asked for about us\r\n")


async def test_its_limits_are_those_of_every_fetch() -> None:
    async with serving() as url:
        with pytest.raises(TooLong, match="longer than 5 bytes"):
            await doorward.fetch(f"{url}/0x", most_bytes=5)
        with pytest.raises(OutOfTime, match=r"read: not done within 0.3 s"):
            await doorward.fetch(f"{url}/0hang", seconds=0.3)
        with pytest.raises(ConnectError, match="over gopher nothing can be sent"):
            await doorward.fetch(f"{url}/0x", form={})
