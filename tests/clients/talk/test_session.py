"""Conversations with peers that do whatever a peer can do."""

import asyncio
import re
import socket
import struct
import time
from pathlib import Path
from typing import cast

import pytest

import doorward
from doorward.clients._reaching import reach_host
from doorward.clients.talk.session import TalkSession
from doorward.clients.talk.settings import Security, TalkSettings, TcpPlace
from doorward.clients.talk.telnet import TelnetMode
from doorward.clients.talk.transcript import Transcript
from doorward.core.errors import ConnectError
from doorward.core.talking import Matched, NotInTime, PeerEnded
from tests.certificates import Written, server_context
from tests.clients.talk.chunkings import single_bytes
from tests.clients.talk.peers import deaf, echo, endless_line, peer, saying, then_silent

PATIENT = 30.0
"""For what will come, on a machine that is busy."""

on_one_loop = pytest.mark.asyncio(loop_factories=["uvloop"])
"""For what takes a processor for as long as it lasts."""

pytestmark = pytest.mark.asyncio(loop_factories=["uvloop", "asyncio"])


async def expect_for_ever(talk: doorward.TalkSession, pattern: str) -> None:
    while True:
        await talk.expect(pattern)


async def send_for_ever(talk: doorward.TalkSession, data: bytes) -> None:
    while True:
        await talk.send(data)
        await asyncio.sleep(0)


async def test_something_is_sent_and_the_answer_is_found() -> None:
    async with peer(echo) as address, doorward.talk(address, seconds=PATIENT) as talk:
        await talk.send_line("one two three")
        matched = await talk.expect(r"(t\w+) (t\w+)")
        assert matched.before == "one "
        assert (matched.text, matched.groups, matched.index) == ("two three", ("two", "three"), 0)
        await talk.send_line()
        assert (await talk.expect(r"\n\n")).text == "\n\n"


async def test_a_prompt_is_found_that_comes_byte_by_byte() -> None:
    greeting = "Bonjour, où allez-vous ?\r\nMot de passe : ".encode()
    async with (
        peer(then_silent(*single_bytes(greeting))) as address,
        doorward.talk(address, seconds=PATIENT) as talk,
    ):
        matched = await talk.expect(r"passe : $")
    assert matched.before == "Bonjour, où allez-vous ?\nMot de "


async def test_of_several_patterns_the_one_that_came_is_told() -> None:
    async with (
        peer(then_silent(b"421 full\r\n250 ok\r\n")) as address,
        doorward.talk(address, seconds=PATIENT) as talk,
    ):
        first = await talk.expect("^2.*$", "^4.*$")
        second = await talk.expect("^2.*$", "^4.*$")
    assert [(each.index, each.text) for each in (first, second)] == [(1, "421 full"), (0, "250 ok")]


async def test_the_end_before_a_match_keeps_the_text() -> None:
    async with (
        peer(saying(b"all of", b" this\r\n", b"and \xff\r")) as address,
        doorward.talk(address, seconds=PATIENT) as talk,
    ):
        with pytest.raises(PeerEnded, match="ended the conversation before 'more' came") as caught:
            await talk.expect("more")
        assert caught.value.received == "all of this\nand \udcff\r"
        assert caught.value.shown == "| all of this\n| and \\xff\\r"
        assert talk.has_ended
        # what did not match can still be taken
        assert await talk.read() == "all of this\nand \udcff\r"
        assert await talk.read() == ""


async def test_a_reset_keeps_the_text_too() -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"half a li")
        await writer.drain()
        await reader.readexactly(1)
        lingering: socket.socket = writer.get_extra_info("socket")
        lingering.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    async with peer(reset) as address, doorward.talk(address, seconds=PATIENT) as talk:
        await talk.expect("half")
        await talk.send("x")
        with pytest.raises(PeerEnded, match="the connection was lost: connection reset") as caught:
            await talk.expect("line")
        assert caught.value.received == " a li"


async def test_time_that_is_over_is_another_error_and_keeps_the_text_and_the_conversation() -> None:
    async with (
        peer(then_silent(b"220 hello\r\n")) as address,
        doorward.talk(address, seconds=PATIENT) as talk,
    ):
        await talk.expect("220 ")
        with pytest.raises(NotInTime, match=r"'nothing' did not come within 0\.2 s$") as caught:
            await talk.expect("nothing", seconds=0.2)
        assert caught.value.received == "hello\n"
        assert (await talk.expect("lo")).before == "hel"


async def test_one_deadline_is_for_all_of_it() -> None:
    async def drip(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"more\n")
            await writer.drain()
            await asyncio.sleep(0.01)

    async with peer(drip) as address, doorward.talk(address, seconds=2.0) as talk:
        with pytest.raises(NotInTime, match=r"within 2 s in all"):
            await expect_for_ever(talk, "more")


@on_one_loop
async def test_a_line_without_end_ends_with_the_time_and_keeps_a_bounded_text() -> None:
    async with peer(endless_line) as address, doorward.talk(address, seconds=2.0) as talk:
        with pytest.raises(NotInTime) as caught:
            await talk.expect("y", r"\n")
    assert len(caught.value.received) <= 1024 * 1024 + 2 * 512 * 1024 + 65536
    assert set(caught.value.received) == {"x"}


@on_one_loop
async def test_an_end_that_never_comes_is_waited_for_with_a_bounded_text() -> None:
    async with peer(endless_line) as address, doorward.talk(address, seconds=2.0) as talk:
        with pytest.raises(NotInTime, match="the end did not come") as caught:
            await talk.expect_end()
    assert caught.value.dropped_characters > 0
    assert len(caught.value.received) <= 1024 * 1024 + 65536


class Slow:
    """A pattern that takes 30 ms to find nothing."""

    pattern = "slow"

    def __init__(self) -> None:
        self.searches = 0

    def search(self, _text: str, _place: int) -> None:
        self.searches += 1
        until = time.perf_counter() + 0.03
        while time.perf_counter() < until:
            pass


@on_one_loop
async def test_a_slow_pattern_leaves_the_loop_to_others_for_most_of_the_time() -> None:
    turns, slow = 0, Slow()

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0.005)

    async with peer(endless_line) as address, doorward.talk(address, seconds=2.0) as talk:
        counting = asyncio.get_running_loop().create_task(count())
        with pytest.raises(NotInTime):
            await talk.expect(cast("re.Pattern[str]", slow))
        counting.cancel()
    assert slow.searches > 1
    assert turns >= 4 * slow.searches


async def test_a_peer_that_does_not_read_holds_up_the_sender_alone_and_only_for_its_time() -> None:
    async with peer(deaf) as address, doorward.talk(address, seconds=2.0) as talk:
        await talk.expect("ready")
        with pytest.raises(NotInTime, match="send: the peer does not read"):
            await send_for_ever(talk, b"x" * 1024 * 1024)


async def test_what_a_peer_said_before_it_left_is_told_by_a_send_that_fails() -> None:
    async def refuse(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"421 too many\r\n")
        await writer.drain()

    async with peer(refuse) as address, doorward.talk(address, seconds=PATIENT) as talk:
        with pytest.raises(PeerEnded) as caught:
            await send_for_ever(talk, b"x" * 10_000)
    # a reset may have thrown away what was on its way
    assert caught.value.received in {"421 too many\n", ""}


async def test_invalid_utf8_matches_and_can_be_had_back() -> None:
    async with (
        peer(then_silent(b"caf\xe9 \xff\xfe ok\n")) as address,
        doorward.talk(address, seconds=PATIENT, telnet=False) as talk,
    ):
        matched = await talk.expect(r"caf. (..) ok")
    assert matched.groups[0] is not None
    assert matched.groups[0].encode("utf-8", "surrogateescape") == b"\xff\xfe"


async def test_our_side_ends_and_the_peer_is_heard_to_its_end() -> None:
    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"%d bytes" % len(await reader.read()))

    async with peer(count) as address, doorward.talk(address, seconds=PATIENT) as talk:
        await talk.send("x" * 300_000)
        await talk.end()
        await talk.end()
        assert await talk.expect_end() == "300000 bytes"


async def test_what_was_sent_last_arrives_although_nothing_is_waited_for() -> None:
    heard = asyncio.get_running_loop().create_future()

    async def hear(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        heard.set_result(await reader.read())

    async with peer(hear) as address:
        async with doorward.talk(address, seconds=PATIENT) as talk:
            await talk.send(b"x" * 200_000)
            await talk.send_line("QUIT")
        assert (await heard)[-6:] == b"QUIT\r\n"


async def test_telnet_is_answered_and_kept_out_of_the_text() -> None:
    heard = asyncio.get_running_loop().create_future()

    async def router(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for byte in single_bytes(b"\xff\xfd\x18\xff\xfb\x01login: "):
            writer.write(byte)
            await writer.drain()
        heard.set_result(await reader.readuntil(b"\n"))
        writer.write(b"\xff\xff\r\0ok\r\n")

    async with peer(router) as address, doorward.talk(address, seconds=PATIENT) as talk:
        assert (await talk.expect("login: ")).before == ""
        await talk.send_line(b"m\xffe")
        assert await heard == b"\xff\xfc\x18\xff\xfe\x01m\xff\xffe\r\n"
        assert await talk.expect_end() == "\udcff\rok\n"


@pytest.mark.parametrize(("line_end", "sent"), [("", b"\n"), ("\r\n", b"\r\n")])
async def test_a_socket_of_the_file_system_ends_its_lines_with_lf(
    tmp_path: Path, line_end: str, sent: bytes
) -> None:
    path = tmp_path / "socket"
    heard = asyncio.get_running_loop().create_future()

    async def hear(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        heard.set_result(await reader.read())

    async with peer(hear, path=path) as address:
        for each in (address, str(path)):
            async with doorward.talk(each, seconds=PATIENT, line_end=line_end) as talk:
                await talk.send_line("x")
            assert await heard == b"x" + sent
            heard = asyncio.get_running_loop().create_future()


async def test_over_tls_the_peer_is_known_and_what_it_says_is_found(localhost: Written) -> None:
    transcript: list[str] = []
    async with peer(echo, context=server_context(localhost)) as address:
        talking = doorward.talk(
            address, tls=True, ca=localhost.file, seconds=PATIENT, transcript=transcript.append
        )
        async with talking as talk:
            assert talk.certificate == await asyncio.to_thread(lambda: localhost.der)
            assert talk.tls is not None
            assert talk.tls[0] == "TLSv1.3"
            await talk.send_line("hello")
            assert (await talk.expect("^hello$")).text == "hello"
    assert [line.split(" ", 1)[1] for line in transcript] == [
        f"- talking to {address}\n",
        f"- {' '.join(talk.tls)}\n",
        "> hello\\r\\n\n",
        "< hello\\r\\n\n",
        "- we left\n",
    ]


async def test_a_secret_goes_to_this_machine_and_stands_in_no_transcript() -> None:
    transcript: list[str] = []
    async with (
        peer(echo) as address,
        doorward.talk(address, seconds=PATIENT, transcript=transcript.append) as talk,
    ):
        await talk.send_secret("sesame")
        assert (await talk.expect("sesame\n")).index == 0
    assert "sesame" not in "".join(transcript)
    assert "> ••••\n" in "".join(transcript)


async def test_a_secret_that_the_peer_repeats_stands_in_no_error() -> None:
    async with peer(echo) as address, doorward.talk(address, seconds=PATIENT) as talk:
        await talk.send_secret("sesame")
        with pytest.raises(NotInTime) as caught:
            await talk.expect("sesame\n\n", seconds=1)
        assert caught.value.received == "••••\n"
        assert "sesame" not in repr(caught.value.received) + caught.value.shown
        assert (await talk.expect("sesame\n")).text == "sesame\n"


@pytest.mark.parametrize(
    ("security", "is_checked", "may_be_overheard", "goes"),
    [
        (Security.NONE, True, False, False),
        (Security.TLS, False, False, False),
        (Security.NONE, True, True, True),
        (Security.TLS, True, False, True),
    ],
)
async def test_a_secret_goes_to_another_machine_only_where_nobody_else_reads_it(
    security: Security, *, is_checked: bool, may_be_overheard: bool, goes: bool
) -> None:
    async with peer(echo) as address:
        stream, _ = await reach_host("127.0.0.1", int(address.rpartition(":")[2]), within_seconds=PATIENT)
        # the peer is here, and the settings say that it is far away
        settings = TalkSettings(
            address="mail.example.org:25",
            place=TcpPlace("mail.example.org", 25),
            security=security,
            is_checked=is_checked,
            may_be_overheard=may_be_overheard,
            telnet=TelnetMode.OFF,
        )
        talk = TalkSession(stream, settings, Transcript(None, lambda: 0.0))
        if goes:
            await talk.send_secret("sesame")
            assert (await talk.expect("sesame\n", seconds=PATIENT)).before == ""
        else:
            with pytest.raises(ConnectError, match="send: the secret would go to another machine"):
                await talk.send_secret("sesame")
            await talk.send_line("and nothing else")
            assert (await talk.expect("else", seconds=PATIENT)).before == "and nothing "
        await talk.abort()


async def test_what_cannot_be_reached_is_told_with_its_phase(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        with pytest.raises(
            ConnectError, match=f"^127.0.0.1:{port}: connect: connection refused. Is a server"
        ):
            async with doorward.talk(f"127.0.0.1:{port}"):
                pass
    with pytest.raises(ConnectError, match="connect: there is no such socket"):
        async with doorward.talk(f"unix://{tmp_path}/missing"):
            pass
    with pytest.raises(ConnectError, match="connect: the name cannot be resolved: "):
        async with doorward.talk("no-such-host.invalid:25"):
            pass


async def test_whoever_waits_can_be_cancelled_and_nothing_is_lost() -> None:
    async with peer(then_silent(b"first\n")) as address, doorward.talk(address, seconds=PATIENT) as talk:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await talk.expect("second")
        matched = await talk.expect("first")
    assert isinstance(matched, Matched)


async def test_what_does_not_go_together_is_an_error_at_once() -> None:
    with pytest.raises(ValueError, match="either with the first byte or with a command"):
        doorward.talk("x:1", tls=True, starttls="smtp")
    with pytest.raises(ValueError, match="no STARTTLS of 'gopher'; there is that of smtp, imap, pop3, ftp"):
        doorward.talk("x:1", starttls="gopher")
    with pytest.raises(ValueError, match="no STARTTLS of 'tls'"):
        doorward.talk("x:1", starttls="tls")
    with pytest.raises(ValueError, match="whom to trust is said with tls or starttls alone"):
        doorward.talk("x:1", fingerprint="ab" * 32)
    with pytest.raises(ValueError, match="whom to trust is said with tls or starttls alone"):
        doorward.talk("x:1", ca="ca.pem")
    with pytest.raises(ValueError, match="insecure believes anybody"):
        doorward.talk("x:1", tls=True, insecure=True, ca="ca.pem")
    for characters in (0, 15, 1024 * 1024 + 1):
        with pytest.raises(ValueError, match="window_characters is 16 to 1048576, not"):
            doorward.talk("x:1", window_characters=characters)
    async with peer(echo) as address, doorward.talk(address, seconds=PATIENT) as talk:
        with pytest.raises(ValueError, match="nothing to expect"):
            await talk.expect()
