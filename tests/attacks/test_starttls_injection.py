"""
What somebody in between says in plain text must never be taken for said in TLS, nor for an answer.

Source: CVE-2011-0411 and the study "NO STARTTLS" (Poddebniak and others, USENIX Security 2021): clients kept
what stood behind the answer to STARTTLS, and read it after the handshake as if the server had said it there.
"""

import asyncio
import contextlib

import pytest

import doorward
from doorward.core.errors import ConnectError
from tests.certificates import Written, server_context
from tests.clients.talk.peers import peer

GREETED = {"smtp": b"220 hi\r\n", "imap": b"* OK hi\r\n", "pop3": b"+OK hi\r\n", "ftp": b"220 hi\r\n"}
HELLO = b"250 hi\r\n"
READY = {"smtp": b"220 go\r\n", "imap": b"a1 OK go\r\n", "pop3": b"+OK go\r\n", "ftp": b"234 go\r\n"}
INJECTED = {
    "smtp": b"250 AUTH PLAIN\r\n",
    "imap": b"* PREAUTH welcome\r\n",
    "pop3": b"+OK in\r\n",
    "ftp": b"230 in\r\n",
}

protocols = pytest.mark.parametrize("protocol", ["smtp", "imap", "pop3", "ftp"])


async def _until_ready(
    protocol: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, ready: bytes
) -> None:
    writer.write(GREETED[protocol])
    if protocol == "smtp":
        await reader.readuntil(b"\n")
        writer.write(HELLO)
    await reader.readuntil(b"\n")
    writer.write(ready)


async def _all_that_comes(reader: asyncio.StreamReader) -> bytes:
    """What is said until the end, however that comes."""
    heard = b""
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65536):
            heard += data
    return heard


@protocols
async def test_what_came_with_the_last_answer_is_an_error_before_the_handshake(protocol: str) -> None:
    heard = asyncio.get_running_loop().create_future()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _until_ready(protocol, reader, writer, READY[protocol] + INJECTED[protocol])
        heard.set_result(await _all_that_comes(reader))

    async with peer(serve) as address:
        with pytest.raises(ConnectError, match="more before TLS than it was asked for"):
            async with doorward.talk(address, starttls=protocol, insecure=True, seconds=30):
                pass
        assert await heard == b""


@protocols
async def test_what_comes_right_after_it_breaks_the_handshake(protocol: str, localhost: Written) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _until_ready(protocol, reader, writer, READY[protocol])
        await reader.read(1)  # the handshake has begun
        writer.write(INJECTED[protocol])
        await reader.read()

    async with peer(serve) as address:
        with pytest.raises(ConnectError, match="TLS: what answers there does not speak TLS"):
            async with doorward.talk(address, starttls=protocol, ca=localhost.file, seconds=30):
                pass


@protocols
async def test_answers_that_come_before_their_questions_are_an_error(protocol: str) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(GREETED[protocol] + READY[protocol])
        await reader.read()

    async with peer(serve) as address:
        with pytest.raises(ConnectError, match="more before TLS than it was asked for"):
            async with doorward.talk(address, starttls=protocol, insecure=True, seconds=30):
                pass


@protocols
async def test_a_refusal_is_never_gone_on_after_in_plain_text(protocol: str) -> None:
    heard = asyncio.get_running_loop().create_future()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        refusal = {
            "smtp": b"454 no\r\n",
            "imap": b"a1 NO no\r\n",
            "pop3": b"-ERR no\r\n",
            "ftp": b"500 no\r\n",
        }
        await _until_ready(protocol, reader, writer, refusal[protocol])
        heard.set_result(await _all_that_comes(reader))

    async with peer(serve) as address:
        with pytest.raises(ConnectError, match="TLS: the server answered to"):
            async with doorward.talk(address, starttls=protocol, insecure=True, seconds=30):
                pass
        assert await heard == b""


async def test_what_a_real_server_says_in_tls_is_what_is_read(localhost: Written) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _until_ready("smtp", reader, writer, READY["smtp"])
        await writer.drain()
        await writer.start_tls(server_context(localhost))
        writer.write(b"in TLS\r\n")
        await writer.drain()
        await reader.read()

    async with peer(serve) as address:
        talking = doorward.talk(address, starttls="smtp", ca=localhost.file, seconds=30)
        async with talking as talk:
            assert (await talk.expect("in TLS\n")).before == ""
