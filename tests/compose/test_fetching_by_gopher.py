"""Fetching by Gopher, from a server in a few lines."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

import doorward
from doorward.core import fetch_tries
from doorward.core.errors import ConnectError
from doorward.core.fetching import OutOfTime, TooLong


@asynccontextmanager
async def serving() -> AsyncIterator[str]:
    """A server of Gopher that gives the selector back; `hang` never ends, `cut` breaks off the first time."""
    has_cut = False

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal has_cut
        selector = await reader.readline()
        if selector == b"cut\r\n" and not has_cut:
            has_cut = True
            opened = writer.get_extra_info("socket")
            # closing sends a reset then
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
            return
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


async def test_a_connection_that_breaks_off_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch_tries, "FIRST_PAUSE_SECONDS", 0.01)
    async with serving() as url:
        page = await doorward.fetch(f"{url}/0cut", retries=1)
    assert page.body == b"you asked for cut\r\n"
