import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.clients.gopher import GopherBounds, GopherItem, parse_gopher_url, read_item
from doorward.core.errors import ConnectError

MENU = b"0About\t/about\texample.org\t70\r\n1More\t/more\texample.org\t70\r\n.\r\n"

Handler = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def server(handler: Handler) -> AsyncIterator[str]:
    """Answer one selector; yields the server's host and port, as they stand in a URL."""
    done = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(OSError):
                await handler(await reader.readline(), writer)
                if not writer.is_closing():
                    writer.close()
                await reader.read()
        finally:
            writer.transport.abort()
            done.set()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    finally:
        listener.close()
        await done.wait()
        await listener.wait_closed()


async def read(url: str, bounds: GopherBounds | None = None) -> bytes:
    chunks = read_item(parse_gopher_url(url), bounds)
    async with contextlib.aclosing(chunks):
        return b"".join([chunk async for chunk in chunks])


@pytest.mark.parametrize(
    ("path", "selector", "answer"),
    [
        ("", b"\r\n", MENU),
        ("/9/a%20file%09with words?and more", b"/a file\twith words?and more\r\n", b"x\0\r\n.\r\n" * 200_000),
    ],
    ids=["a menu", "a large file"],
)
async def test_what_stands_at_a_selector_comes_whole_and_as_it_is(
    path: str, selector: bytes, answer: bytes
) -> None:
    heard = bytearray()

    async def tell(asked: bytes, writer: asyncio.StreamWriter) -> None:
        heard.extend(asked)
        writer.write(answer)
        await writer.drain()

    async with server(tell) as place:
        assert await read(f"gopher://{place}{path}") == answer
    assert heard == selector


async def test_an_answer_without_end_ends_at_its_bound() -> None:
    async def endless(_selector: bytes, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"x" * 10_000)
            await writer.drain()

    async with server(endless) as place:
        with pytest.raises(ConnectError, match="more than 100000 bytes came"):
            await read(f"gopher://{place}", GopherBounds(most_bytes=100_000))


@pytest.mark.parametrize("bounds", [GopherBounds(data_seconds=0.2), GopherBounds(total_seconds=0.2)])
async def test_silence_ends_at_a_deadline(bounds: GopherBounds) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with pytest.raises(ConnectError, match="nothing came within 0") as caught:
            await read(f"gopher://127.0.0.1:{silent.getsockname()[1]}", bounds)
    assert caught.value.phase == "read"


async def test_nobody_there_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"gopher://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(ConnectError) as caught:
            await read(url)
    assert str(caught.value) == f"{url}: connect: connection refused. Is a server running at that port?"


async def test_a_connection_that_is_cut_is_told_with_what_to_do() -> None:
    async def cut(_selector: bytes, writer: asyncio.StreamWriter) -> None:
        opened = writer.get_extra_info("socket")
        # closing sends a reset then
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async with server(cut) as place:
        with pytest.raises(ConnectError, match=r"read: connection reset by peer\. Is the host up"):
            await read(f"gopher://{place}")


def test_a_url_says_where_and_what() -> None:
    assert parse_gopher_url("gopher://[::1]:7070/1/menu") == GopherItem(
        url="gopher://[::1]:7070/1/menu", host="::1", port=7070, kind="1", selector=b"/menu"
    )
    assert parse_gopher_url("gopher://example.org/").kind == "1"
    assert parse_gopher_url("gopher://example.org").port == 70


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/",
        "gopher:///0",
        "gopher://example.org:0/",
        "gopher://example.org:x/",
        "gopher://alice@example.org/",
        "gopher://example.org/0a%0D%0Ab",
        "gopher://example.org/0a%00",
        "gopher://example.org/0" + "a" * 1025,
    ],
)
def test_what_is_no_address_is_told(url: str) -> None:
    with pytest.raises(ConnectError, match="gopher://HOST/0SELECTOR"):
        parse_gopher_url(url)


@given(st.text())
def test_only_the_documented_error_escapes(text: str) -> None:
    for url in (text, f"gopher://{text}", f"gopher://a/{text}"):
        try:
            parse_gopher_url(url)
        except ConnectError:
            continue
