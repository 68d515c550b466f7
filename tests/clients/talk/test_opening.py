"""Connections that do not come about, or not in time, and ends over TLS that nobody said."""

import asyncio
import socket

import pytest

import doorward
from doorward.clients.talk.settings import Security, TalkSettings, parse_place
from doorward.compose.talk_calls import talking
from doorward.core.errors import ConnectError
from doorward.core.talking import NotInTime, PeerEnded
from tests.certificates import Written, server_context
from tests.clients.ftp.faults import end_below_tls
from tests.clients.talk.peers import peer, saying, then_silent
from tests.clients.test_reaching import never_answering

encrypted = pytest.mark.parametrize("security", [Security.TLS, Security.SMTP])


def settings(address: str, security: Security, *, connect_seconds: float, seconds: float) -> TalkSettings:
    place = parse_place(address, security)
    return TalkSettings(
        address=address, place=place, security=security, connect_seconds=connect_seconds, seconds=seconds
    )


@encrypted
async def test_a_peer_that_says_nothing_is_left_after_a_while(security: Security) -> None:
    async with peer(then_silent()) as address:
        silent = settings(address, security, connect_seconds=1, seconds=30)
        with pytest.raises(ConnectError, match=r"TLS: no TLS within 1 s\. Does it speak TLS") as caught:
            async with talking(silent):
                pass
        assert not isinstance(caught.value, NotInTime)


@encrypted
async def test_the_deadline_of_all_counts_from_the_connection_on(security: Security) -> None:
    async with peer(then_silent()) as address:
        silent = settings(address, security, connect_seconds=30, seconds=1)
        with pytest.raises(NotInTime, match=r"TLS: no TLS within 1 s in all\. Does it"):
            async with talking(silent):
                pass


async def test_where_there_never_was_a_connection_that_is_what_is_told() -> None:
    with never_answering(socket.AF_INET, "127.0.0.1") as (_, named):
        address = f"{named[0]}:{named[1]}"
        with pytest.raises(NotInTime, match=r"connect: no connection within 1 s in all\. Is the host up"):
            async with doorward.talk(address, seconds=1):
                pass
        slow = settings(address, Security.NONE, connect_seconds=1, seconds=30)
        with pytest.raises(ConnectError, match=r"no connection within 1 s\. Is the host up") as caught:
            async with talking(slow):
                pass
        assert not isinstance(caught.value, NotInTime)


async def test_a_peer_that_closes_before_tls_is_told_with_what_was_waited_for() -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hi\r\n")
        await reader.readuntil(b"\n")

    for handler, waited_for in ((saying(), "a greeting"), (greet, r"an answer to EHLO \[127\.0\.0\.1\]")):
        async with peer(handler) as address:
            with pytest.raises(ConnectError, match=f"the server closed the connection before {waited_for}"):
                async with doorward.talk(address, starttls="smtp", seconds=30):
                    pass


async def test_plain_text_is_not_taken_for_tls() -> None:
    async with peer(then_silent(b"220 mail.example ESMTP\r\n")) as address:
        with pytest.raises(
            ConnectError, match=r"TLS: what answers there does not speak TLS\. Try it without"
        ):
            async with doorward.talk(address, tls=True, seconds=30):
                pass


async def test_authorities_that_cannot_be_read_are_told(localhost: Written) -> None:
    with pytest.raises(ConnectError, match="holds no certificates to trust"):
        async with doorward.talk("127.0.0.1:1", tls=True, ca=localhost.key, seconds=30):
            pass


async def test_an_end_over_tls_that_the_peer_did_not_say_is_no_end(localhost: Written) -> None:
    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"half of\n")
        await writer.drain()
        await reader.readexactly(1)
        end_below_tls(writer)
        await reader.read()

    async with (
        peer(cut, context=server_context(localhost)) as address,
        doorward.talk(address, tls=True, ca=localhost.file, seconds=30) as talk,
    ):
        await talk.expect("half")
        await talk.send("x")
        with pytest.raises(PeerEnded, match="the connection was cut") as caught:
            await talk.expect_end()
        assert talk.was_cut
    assert caught.value.received == " of\n"


async def test_one_certificate_is_believed_by_its_fingerprint_alone(localhost: Written) -> None:
    fingerprint = await asyncio.to_thread(lambda: localhost.fingerprint)
    async with peer(then_silent(b"hi\n"), context=server_context(localhost)) as address:
        async with doorward.talk(address, tls=True, fingerprint=fingerprint, seconds=30) as talk:
            assert (await talk.expect("hi")).index == 0
        with pytest.raises(ConnectError, match=f"another fingerprint: SHA256:{fingerprint[:2].upper()}:"):
            async with doorward.talk(address, tls=True, fingerprint="0" * 64, seconds=30):
                pass
