"""One connection by itself, and what TLS on it can tell."""

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from doorward.clients._reaching import connect
from doorward.clients._streams import HELD_BYTES, Interrupted, Stream
from doorward.clients._tls import Distrusted
from doorward.core.errors import TlsFailed
from doorward.lines.tls import TlsLayer
from tests.certificates import Authority, Written, client_context, server_context
from tests.clients.ftp.faults import end_below_tls
from tests.clients.ftp.files import content

DATA = content(300_000)

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

pytestmark = pytest.mark.asyncio(loop_factories=["uvloop", "asyncio"])

every_version = pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])


@contextlib.asynccontextmanager
async def connected(handler: Handler, context: ssl.SSLContext | None = None) -> AsyncIterator[Stream]:
    """A stream to a server that handles it so; its TLS is yet to begin."""
    done = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(OSError):
                await handler(reader, writer)
        finally:
            writer.transport.abort()
            done.set()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        stream = await connect((socket.AF_INET, listener.sockets[0].getsockname()))
        try:
            yield stream
        finally:
            stream.abort()
            await done.wait()
    finally:
        listener.close()
        await listener.wait_closed()


async def read_all(stream: Stream) -> bytes:
    received = bytearray()
    while chunk := await stream.read():
        received += chunk
    return bytes(received)


@every_version
async def test_an_end_that_was_said_is_told_from_one_that_was_made(
    localhost: Written, version: ssl.TLSVersion
) -> None:
    trusting = client_context(localhost.file, version=version)

    async def say_the_end(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(DATA)
        writer.close()
        await writer.wait_closed()

    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(DATA)
        await writer.drain()
        await reader.readexactly(1)
        end_below_tls(writer)
        await reader.read()

    for handler, was_cut in ((say_the_end, False), (cut, True)):
        async with connected(handler, server_context(localhost)) as stream:
            await stream.start_tls(trusting, server_hostname="localhost")
            received = bytearray()
            while len(received) < len(DATA):
                received += await stream.read()
            assert received == DATA
            if was_cut:
                await stream.write(b".")
            assert await stream.read() == b""
            assert stream.was_cut == was_cut
            stream.finish()


@every_version
async def test_a_session_is_resumed_on_another_connection(
    localhost: Written, version: ssl.TLSVersion
) -> None:
    serving, trusting = server_context(localhost), client_context(localhost.file, version=version)
    session: ssl.SSLSession | None = None

    async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello")
        writer.close()
        await writer.wait_closed()

    for has_resumed in (False, True, True):
        async with connected(greet, serving) as stream:
            await stream.start_tls(trusting, server_hostname="localhost", session=session)
            assert await read_all(stream) == b"hello"
            stream.finish()
            assert stream.layer is not None
            assert stream.layer.has_resumed == has_resumed
            session = stream.layer.session
            assert session is not None


async def test_what_came_before_tls_is_not_taken_for_said_in_it(localhost: Written) -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello")
        await reader.read()

    async with connected(greet) as stream:
        await stream.until(lambda: bool(stream._arrived))
        with pytest.raises(TlsFailed, match="plain text"):
            await stream.start_tls(client_context(localhost.file), server_hostname="localhost")


async def test_who_is_not_trusted_is_not_told_who_we_are(root: Authority, tmp_path: Path) -> None:
    server, client = await asyncio.to_thread(
        lambda: (root.issue(tmp_path / "server", "localhost"), root.issue(tmp_path / "client", "alice"))
    )
    layer = TlsLayer(server_context(server, client_authority=root.file), server_side=True)
    heard = asyncio.get_running_loop().create_future()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        flights = 0
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                flights += 1
                layer.receive_data(data)
                writer.write(layer.bytes_to_send())
        heard.set_result(flights)

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.load_cert_chain(client.file, client.key)
    der = await asyncio.to_thread(lambda: server.der)
    for is_trusted in (False, True):
        async with connected(serve) as stream:
            shown: list[bytes | None] = []

            def look(certificate: bytes | None) -> bool:
                shown.append(certificate)  # noqa: B023 - of this round
                return is_trusted  # noqa: B023

            starting = stream.start_tls(context, server_hostname="localhost", is_trusted=look)
            if is_trusted:
                await starting
                stream.finish()
                await read_all(stream)
                stream.abort()
                assert await heard > 1
                assert layer.peer_certificate is not None
            else:
                with pytest.raises(Distrusted) as caught:
                    await starting
                assert caught.value.certificate == der
                assert await heard == 1
                assert not layer.is_established
            assert shown == [der]
        layer = TlsLayer(server_context(server, client_authority=root.file), server_side=True)
        heard = asyncio.get_running_loop().create_future()


async def test_what_nobody_reads_makes_the_peer_wait() -> None:
    sent_bytes = 0

    async def flood(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent_bytes
        while True:
            writer.write(DATA)
            await writer.drain()
            sent_bytes += len(DATA)

    async with connected(flood) as stream:
        await stream.until(lambda: stream._is_paused)
        most_bytes = stream._held_bytes
        assert HELD_BYTES <= most_bytes < 2 * HELD_BYTES
        before = sent_bytes
        for _ in range(100):
            assert await stream.read()
        await stream.until(lambda: sent_bytes > before)


async def test_whoever_waits_is_interrupted() -> None:
    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with connected(silent) as stream, asyncio.TaskGroup() as group:
        reading = group.create_task(interrupted(stream))
        await asyncio.sleep(0)
        stream.interrupt()
        assert await reading


async def interrupted(stream: Stream) -> bool:
    with pytest.raises(Interrupted):
        await stream.read()
    return True


async def test_a_reset_is_an_error_and_no_end() -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(1)
        # an end at once is a reset
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    async with connected(reset) as stream:
        await stream.write(DATA)
        await stream.until(lambda: stream.has_ended)
        with pytest.raises(OSError, match=r"\S"):
            await stream.write(DATA)
        with pytest.raises(OSError, match=r"\S"):
            await stream.read()
