"""Servers that answer too much, too long, too early or not at all, and those that point somewhere else."""

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from doorward.clients._trust import Trust
from doorward.clients.ftp.client import logged_in, open_download
from doorward.clients.ftp.settings import Deadlines, FtpServer, Security
from doorward.core.errors import ConnectError, PeerRefused
from doorward.core.secret import Secret
from tests.certificates import Written, self_signed, server_context
from tests.clients.ftp.faults import PATIENT, FaultyServer, Login, faulty_server, passive
from tests.clients.ftp.files import content, fetched, in_chunks

SOON = replace(PATIENT, reply_seconds=0.3, data_seconds=0.3)
DATA = content(50_000)


@pytest.fixture
async def faulty() -> AsyncIterator[FaultyServer]:
    async with faulty_server() as server:
        server.files["file"] = DATA
        yield server


async def refused_login(server: FtpServer) -> ConnectError:
    with pytest.raises(ConnectError) as caught:
        async with logged_in(server):
            pytest.fail("there is nobody to talk to")
    return caught.value


@pytest.mark.parametrize(
    ("greeting", "problem"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "no reply of FTP"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "no reply of FTP"),
        (b"220" + b"x" * 5000, "a line of a reply is longer than 4096 bytes"),
        (b"220-" + b"x" * 5000 + b"\r\n", "a line of a reply is longer than 4096 bytes"),
        (b"220-rules\r\n" + b" no end\r\n" * 10_000, "a reply has no end within 65536 bytes"),
        (b"220-\r\n" + b"\r\n" * 70_000, "a reply has no end within 65536 bytes"),
        (b"\x00\xff\xfe\r\n", "no reply of FTP"),
        (b"999 what\r\n", "no reply of FTP"),
        (b"220", "nothing came within 0.3 s"),
        (b"220-rules\r\n", "nothing came within 0.3 s"),
        (b"120 in a minute\r\n", "nothing came within 0.3 s"),
        (b"", "nothing came within 0.3 s"),
    ],
)
async def test_what_is_no_greeting_is_told(faulty: FaultyServer, greeting: bytes, problem: str) -> None:
    faulty.greeting = greeting
    error = await refused_login(faulty.server(SOON))
    assert (error.phase, error.address) == ("connect", faulty.server().url)
    assert problem in str(error)
    assert faulty.heard == []


@pytest.mark.parametrize("times", [2, 8, 100])
async def test_more_greetings_than_one_are_answers_to_nothing(faulty: FaultyServer, times: int) -> None:
    faulty.greeting = b"220 here\r\n" * times
    assert "answer" in (await refused_login(faulty.server())).problem
    assert faulty.heard == []


@pytest.mark.parametrize("code", [421, 530])
async def test_a_server_that_is_full_says_so(faulty: FaultyServer, code: int) -> None:
    faulty.greeting = f"{code} too many\r\n".encode()
    error = await refused_login(faulty.server())
    assert isinstance(error, PeerRefused)
    assert (error.code, error.phase) == (code, "connect")


async def test_a_long_greeting_of_many_lines_is_fine(faulty: FaultyServer) -> None:
    faulty.greeting = b"220-one\r\n220-two\r\n 220 three\r\n\r\n220four\r\n220 five\r\n"
    async with logged_in(faulty.server()) as client:
        assert await client.size("file") == len(DATA)


async def test_an_answer_before_its_question_is_not_taken_for_one(faulty: FaultyServer) -> None:
    faulty.says("MDTM", "213 20300615120000", "213 7")
    async with logged_in(faulty.server()) as client:
        await client.modified_at("file")
        assert await client.size("file") == len(DATA)
        await client.modified_at("file")
        assert await client.size("file") == len(DATA)


async def test_a_connection_that_idled_to_death_is_made_anew(faulty: FaultyServer) -> None:
    async def leave(login: Login, _argument: str) -> None:
        await login.say("213 20300615120000")
        await login.say("421 idle for too long")
        login.hang_up()

    faulty.instead["MDTM"] = leave
    async with logged_in(faulty.server()) as client:
        await client.change_folder("folder")
        await client.modified_at("file")
        conversation = client._session._conversation
        assert conversation is not None
        await conversation._stream.until(lambda: conversation._stream.has_ended)
        assert await client.size("file") == len(DATA)
    assert faulty.logins == 2


@pytest.mark.parametrize("injected", ["220 injected\r\n", "2", "\x16\x03\x01"])
async def test_what_comes_in_the_clear_with_the_word_for_tls_is_refused(
    faulty: FaultyServer, injected: str
) -> None:
    async def inject(login: Login, _argument: str) -> None:
        await login.send(f"234 go on\r\n{injected}".encode("latin-1"))

    faulty.instead["AUTH"] = inject
    error = await refused_login(replace(faulty.server(SOON), security=Security.EXPLICIT))
    assert error.phase == "TLS"
    assert error.problem == "the server sent something that is not TLS"
    assert faulty.heard == ["AUTH TLS"]


async def test_a_server_without_tls_is_told_nothing_more(faulty: FaultyServer) -> None:
    server = replace(
        faulty.server(), security=Security.EXPLICIT, user="alice", password=Secret("open sesame")
    )
    error = await refused_login(server)
    assert isinstance(error, PeerRefused)
    assert (error.code, error.phase) == (502, "TLS")
    assert faulty.heard == ["AUTH TLS"]


async def test_silence_in_place_of_a_handshake_ends_at_its_deadline() -> None:
    deadlines = replace(PATIENT, tls_seconds=0.3)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        error = await refused_login(
            FtpServer(host="127.0.0.1", port=port, security=Security.IMPLICIT, deadlines=deadlines)
        )
    assert (error.phase, error.problem) == ("TLS", "nothing came within 0.3 s")


async def test_plain_text_in_place_of_a_handshake_is_told(faulty: FaultyServer) -> None:
    error = await refused_login(replace(faulty.server(), security=Security.IMPLICIT))
    assert (error.phase, error.problem) == ("TLS", "the server sent something that is not TLS")


async def test_a_password_goes_to_no_other_machine_in_the_clear_unless_that_is_said() -> None:
    # nobody has this address: RFC 5737
    server = FtpServer(
        host="192.0.2.1",
        security=Security.NONE,
        user="alice",
        password=Secret("open sesame"),
        deadlines=Deadlines(connect_seconds=0.2, total_seconds=5),
    )
    error = await refused_login(server)
    assert (error.phase, error.problem) == ("login", "the password would go unencrypted to another machine")
    assert (await refused_login(replace(server, may_be_overheard=True))).phase == "connect"
    assert (await refused_login(replace(server, password=None))).phase == "connect"


async def test_a_password_that_the_server_repeats_is_not_told(faulty: FaultyServer) -> None:
    faulty.says("PASS", "530 wrong: open sesame")
    error = await refused_login(replace(faulty.server(), user="alice", password=Secret("open sesame")))
    assert "refused: the server answered 530: wrong: ••••" in str(error)
    assert "sesame" not in repr(error)


async def test_a_password_is_not_told_in_part_where_an_answer_is_cut(faulty: FaultyServer) -> None:
    faulty.says("PASS", f"530 {'x' * 195}open sesame")
    error = await refused_login(replace(faulty.server(), user="alice", password=Secret("open sesame")))
    assert "x••••" in str(error)
    assert "open" not in repr(error)


@pytest.mark.parametrize("password", ["open sesame", "it's\\open"])
@pytest.mark.parametrize("answer", ["213 {}", "what {} is this"])
async def test_a_password_in_what_is_no_answer_is_not_told(
    faulty: FaultyServer, answer: str, password: str
) -> None:
    faulty.says("PASS", "230 come in")
    faulty.says("SIZE", answer.format(password))
    server = replace(faulty.server(), user="alice", password=Secret(password))
    with pytest.raises(ConnectError) as caught:
        async with logged_in(server) as client:
            await client.size("file")
    assert "••••" in str(caught.value)
    assert "open" not in repr(caught.value)


async def test_a_guest_gives_no_password_where_none_is_wanted(faulty: FaultyServer) -> None:
    faulty.says("USER", "230 come in")
    async with logged_in(faulty.server()):
        pass
    assert faulty.heard == ["USER anonymous", "TYPE I", "QUIT"]


async def test_a_user_without_the_password_that_is_wanted_is_told(faulty: FaultyServer) -> None:
    error = await refused_login(replace(faulty.server(), user="alice"))
    assert (error.phase, error.problem) == ("login", "the server wants a password")


@pytest.mark.parametrize("bad", ["a\r\nDELE b", "a\nb", "a\rb", "a\0b", "a\udcffb", "", "x" * 5000])
async def test_what_would_end_a_line_is_refused_before_anything_is_sent(
    faulty: FaultyServer, bad: str
) -> None:
    for server in (
        replace(faulty.server(), user=bad),
        replace(faulty.server(), user="alice", password=Secret(bad)),
    ):
        error = await refused_login(server)
        assert error.phase == "send"
        assert not bad or bad not in str(error)
    assert faulty.logins == 0
    async with logged_in(faulty.server()) as client:
        before = list(faulty.heard)
        for refused in (
            client.change_folder(bad),
            client.make_folder(bad),
            client.size(bad),
            fetched(client.download(bad)),
            client.delete(bad),
            client.rename("file", bad),
            client.rename(bad, "new"),
            client.store(bad, in_chunks(DATA)),
            client.publish(in_chunks(DATA), temporary="part", name=bad),
        ):
            with pytest.raises(ConnectError) as caught:
                await refused
            assert caught.value.phase == "send"
        assert faulty.heard == before


# Where the data is


async def test_passive_mode_of_old_servers_is_used_without_the_address_that_they_name(
    faulty: FaultyServer,
) -> None:
    async def elsewhere(login: Login, _argument: str) -> None:
        high, low = divmod(await login.listen(), 256)
        await login.say(f"227 Entering Passive Mode (192,0,2,1,{high},{low}).")

    faulty.says("EPSV", "500 what")
    faulty.instead["PASV"] = elsewhere
    assert await fetched(open_download(faulty.server(), "file")) == DATA


async def test_the_address_of_passive_mode_counts_where_it_is_believed(faulty: FaultyServer) -> None:
    faulty.instead["PASV"] = passive
    assert await fetched(open_download(replace(faulty.server(), believes_pasv=True), "file")) == DATA
    assert "EPSV" not in faulty.verbs()

    async def elsewhere(login: Login, _argument: str) -> None:
        high, low = divmod(await login.listen(), 256)
        await login.say(f"227 Entering Passive Mode (192,0,2,1,{high},{low}).")

    faulty.instead["PASV"] = elsewhere
    deadlines = replace(PATIENT, connect_seconds=0.5)
    with pytest.raises(ConnectError) as caught:
        await fetched(open_download(replace(faulty.server(deadlines), believes_pasv=True), "file"))
    assert caught.value.phase == "data"


@pytest.mark.parametrize(
    "answer", ["229 (|||0|)", "229 (|||65536|)", "229 here", "229 (|1|127.0.0.1|22|)", "421 no", "425 no"]
)
async def test_a_bad_port_for_the_data_is_an_error(faulty: FaultyServer, answer: str) -> None:
    faulty.says("EPSV", answer)
    with pytest.raises(ConnectError) as caught:
        await fetched(open_download(faulty.server(), "file"))
    assert caught.value.phase == "data"


async def test_a_port_that_nobody_listens_on_is_an_error(faulty: FaultyServer) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        faulty.says("EPSV", f"229 (|||{taken.getsockname()[1]}|)")
        with pytest.raises(ConnectError, match="data: connection refused"):
            await fetched(open_download(faulty.server(), "file"))


async def test_a_command_that_is_done_before_it_began_is_an_error(faulty: FaultyServer) -> None:
    faulty.says("RETR", "226 done already")
    with pytest.raises(ConnectError, match="before anything was moved"):
        await fetched(open_download(faulty.server(), "file"))


async def test_ipv6_is_reached_and_has_no_old_passive_mode() -> None:
    try:
        with socket.socket(socket.AF_INET6) as six:
            six.bind(("::1", 0))
    except OSError as error:
        pytest.skip(f"no IPv6 here: {error}")
    async with faulty_server("::1") as faulty:
        async with logged_in(faulty.server()) as client:
            assert await client.store("file", in_chunks(DATA)) == len(DATA)
            assert await fetched(client.download("file")) == DATA
        faulty.says("EPSV", "500 what")
        with pytest.raises(PeerRefused) as caught:
            await fetched(open_download(faulty.server(), "file"))
        assert caught.value.code == 500


async def test_one_thing_at_a_time(faulty: FaultyServer) -> None:
    async with logged_in(faulty.server()) as client, client.download("file"):
        with pytest.raises(RuntimeError, match="one thing at a time"):
            await client.size("file")


@pytest.mark.parametrize("by_fingerprint", [True, False])
async def test_whoever_answers_for_the_data_has_to_be_trusted_as_well(
    faulty: FaultyServer, localhost: Written, tmp_path: Path, *, by_fingerprint: bool
) -> None:
    def made() -> tuple[Trust, Written]:
        stranger = self_signed(tmp_path, "localhost", "127.0.0.1")
        if by_fingerprint:
            return Trust(fingerprint=localhost.fingerprint), stranger
        return Trust(authorities=localhost.file), stranger

    trust, stranger = await asyncio.to_thread(made)
    server = replace(faulty.server(), security=Security.EXPLICIT, trust=trust)
    faulty.tls = faulty.data_tls = await asyncio.to_thread(server_context, localhost)
    assert await fetched(open_download(server, "file")) == DATA
    faulty.data_tls = await asyncio.to_thread(server_context, stranger)
    with pytest.raises(ConnectError, match=r"(another fingerprint|self-signed)"):
        await fetched(open_download(server, "file"))
