"""What goes wrong at a place of backups, what kind of trouble that is, and what is left there."""

import asyncio
import tracemalloc
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from doorward.clients._trust import Trust
from doorward.clients.ftp.settings import Deadlines, Security
from doorward.clients.ftp.store import FtpStore
from doorward.core.backup_store import StoreError, Trouble
from doorward.core.secret import Secret
from doorward.testing.backup_store_contract import in_chunks, some_bytes, whole
from tests.certificates import Written, server_context
from tests.clients.carrying import FINAL, PARTIAL, carry
from tests.clients.ftp.faults import (
    PATIENT,
    FaultyServer,
    Handler,
    Login,
    faulty_server,
    list_facts,
    send_data,
    take_data,
    usual,
)

DATA = some_bytes(300_000)
HALF = DATA[:150_000]

SOON = replace(PATIENT, reply_seconds=0.5, data_seconds=0.5, connect_seconds=0.5)
"""For what never comes."""


@pytest.fixture
async def faulty() -> AsyncIterator[FaultyServer]:
    async with faulty_server() as server:
        yield server


def store_at(faulty: FaultyServer, deadlines: Deadlines = PATIENT, *, is_active: bool = False) -> FtpStore:
    return FtpStore(replace(faulty.server(deadlines), is_active=is_active), "folder")


async def failure(store: FtpStore, *, offset: int = 0) -> StoreError:
    """Why a file cannot be sent."""
    async with store.connect() as place:
        with pytest.raises(StoreError) as caught:
            await place.send(in_chunks(DATA[offset:]), PARTIAL, from_offset=offset)
        return caught.value


# Which trouble lasts


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        ("425 no connection", Trouble.TEMPORARY),
        ("450 busy", Trouble.TEMPORARY),
        ("421 going down", Trouble.TEMPORARY),
        ("451 it broke", Trouble.TEMPORARY),
        ("451 write: No space left on device", Trouble.FULL),
        ("452 no room", Trouble.FULL),
        ("552 over the quota", Trouble.FULL),
        ("530 log in", Trouble.PERMANENT),
        ("550 not allowed", Trouble.PERMANENT),
        ("553 not this name", Trouble.PERMANENT),
    ],
)
@pytest.mark.parametrize("is_late", [False, True], ids=["before", "after"])
async def test_the_code_says_whether_trouble_lasts(
    faulty: FaultyServer, answer: str, trouble: Trouble, *, is_late: bool
) -> None:
    async def late(login: Login, name: str) -> None:
        await take_data(login, name)
        await login.say(answer)

    if is_late:
        faulty.instead["STOR"] = late
    else:
        faulty.says("STOR", answer)
    if is_late and answer.startswith("421"):
        # it says that it closes and nothing of the file, whose size then decides
        async with store_at(faulty).connect() as place:
            assert await place.send(in_chunks(DATA), PARTIAL) == len(DATA)
        return
    assert (await failure(store_at(faulty))).trouble is trouble


@pytest.mark.parametrize(
    ("verb", "answer", "trouble"),
    [
        ("PASS", "530 wrong", Trouble.PERMANENT),
        ("USER", "421 too many", Trouble.TEMPORARY),
        ("CWD", "550 no such folder", Trouble.PERMANENT),
        ("CWD", "450 not now", Trouble.TEMPORARY),
    ],
)
async def test_who_is_not_let_in_is_told_whether_that_lasts(
    faulty: FaultyServer, verb: str, answer: str, trouble: Trouble
) -> None:
    faulty.says(verb, answer)
    with pytest.raises(StoreError) as caught:
        async with store_at(faulty).connect():
            pytest.fail("it was entered")
    assert caught.value.trouble is trouble


async def test_a_greeting_that_says_later_is_taken_at_its_word(faulty: FaultyServer) -> None:
    faulty.greeting = b"421 too many are here\r\n"
    with pytest.raises(StoreError) as caught:
        async with store_at(faulty).connect():
            pytest.fail("it was entered")
    assert caught.value.trouble is Trouble.TEMPORARY


async def test_a_server_that_is_not_trusted_or_gets_no_password_stays_so(
    faulty: FaultyServer, localhost: Written
) -> None:
    faulty.tls = server_context(localhost)
    stranger = replace(faulty.server(), security=Security.EXPLICIT, trust=Trust())
    plain = replace(faulty.server(), user="alice", host="backup.example.org", password=Secret("open"))
    for server, phase in ((stranger, "TLS"), (plain, "login")):
        with pytest.raises(StoreError) as caught:
            async with FtpStore(server, "folder").connect():
                pytest.fail("it was entered")
        assert (caught.value.trouble, caught.value.phase) == (Trouble.PERMANENT, phase)


async def test_a_server_that_says_nothing_or_is_gone_may_be_there_later(faulty: FaultyServer) -> None:
    faulty.says("USER")
    for server in (faulty.server(SOON), replace(faulty.server(), port=1)):
        with pytest.raises(StoreError) as caught:
            async with FtpStore(server, "folder").connect():
                pytest.fail("it was entered")
        assert caught.value.trouble is Trouble.TEMPORARY


async def test_a_reply_without_end_is_trouble_of_its_own(faulty: FaultyServer) -> None:
    async def endless(login: Login, _argument: str) -> None:
        for _ in range(100):
            await login.say("213-" + "x" * 4000)

    faulty.instead["SIZE"] = endless
    async with store_at(faulty).connect() as place:
        with pytest.raises(StoreError, match="no end within"):
            await place.size("web.1")
        del faulty.instead["SIZE"]
        assert await place.size("web.1") is None


# What is left of a file


async def test_a_file_that_was_called_whole_and_is_not_is_begun_anew(faulty: FaultyServer) -> None:
    async def half(login: Login, name: str) -> None:
        await take_data(login, name)
        login.server.files[name] = HALF
        await login.say("226 all of it")

    faulty.instead["STOR"] = half
    assert (await failure(store_at(faulty))).trouble is Trouble.TEMPORARY
    assert faulty.files == {}


async def test_a_server_that_begins_a_file_anew_in_place_of_going_on_is_not_believed(
    faulty: FaultyServer,
) -> None:
    """Of a rest alone nobody could go on: it has the size of a beginning."""

    async def anew(login: Login, name: str) -> None:
        login.offset = 0
        await usual()["STOR"](login, name)

    faulty.files[PARTIAL] = HALF
    faulty.instead["STOR"] = anew
    assert (await failure(store_at(faulty), offset=len(HALF))).trouble is Trouble.TEMPORARY
    assert faulty.files == {}


async def test_where_nothing_is_gone_on_with_by_its_offset_the_rest_is_appended(faulty: FaultyServer) -> None:
    faulty.files[PARTIAL] = HALF
    faulty.says("REST", "502 not known here")
    async with store_at(faulty).connect() as place:
        assert await place.send(in_chunks(DATA[len(HALF) :]), PARTIAL, from_offset=len(HALF)) == len(DATA)
    assert faulty.files == {PARTIAL: DATA}
    assert "APPE" in faulty.verbs()


async def test_where_nothing_is_gone_on_with_at_all_a_file_is_begun_anew(faulty: FaultyServer) -> None:
    faulty.files[PARTIAL] = HALF

    async def not_from_there(login: Login, name: str) -> None:
        if login.offset:
            await login.say("451 no restarts here")
            login.offset = 0
        else:
            await usual()["STOR"](login, name)

    faulty.instead["STOR"] = not_from_there
    faulty.says("APPE", "550 no")
    error = await failure(store_at(faulty), offset=len(HALF))
    assert error.trouble is Trouble.TEMPORARY
    assert "was removed" in str(error)
    assert await carry(store_at(faulty), DATA, tries=1) == 1
    assert faulty.files == {FINAL: DATA}


async def test_what_is_there_of_a_file_stays_when_there_is_no_room_for_the_rest(faulty: FaultyServer) -> None:
    async def full(login: Login, name: str) -> None:
        await take_data(login, name, most_bytes=len(HALF))
        await login.say("452 no room")

    faulty.instead["STOR"] = full
    assert (await failure(store_at(faulty))).trouble is Trouble.FULL
    assert faulty.files == {PARTIAL: HALF}


async def test_a_connection_that_dies_in_every_transfer_gets_a_file_there_all_the_same(
    faulty: FaultyServer,
) -> None:
    async def some(login: Login, name: str) -> None:
        if len(login.server.files.get(name, b"")) + 50_000 < len(DATA):
            await take_data(login, name, most_bytes=50_000)
            login.hang_up()
        else:
            await usual()["STOR"](login, name)

    faulty.instead["STOR"] = some
    assert await carry(store_at(faulty), DATA, tries=10) == 6
    assert faulty.files == {FINAL: DATA}


# Around the renaming


@pytest.mark.parametrize("is_done", [True, False], ids=["done", "not done"])
async def test_a_renaming_whose_answer_got_lost_is_found_out_about(
    faulty: FaultyServer, *, is_done: bool
) -> None:
    async def lost(login: Login, name: str) -> None:
        if is_done:
            login.server.files[name] = login.server.files.pop(login.renamed)
        login.hang_up()

    faulty.files[PARTIAL] = DATA
    faulty.instead["RNTO"] = lost
    async with store_at(faulty).connect() as place:
        if is_done:
            await place.rename(PARTIAL, FINAL)
        else:
            with pytest.raises(StoreError) as caught:
                await place.rename(PARTIAL, FINAL)
            assert caught.value.trouble is Trouble.TEMPORARY
    assert faulty.files == {FINAL if is_done else PARTIAL: DATA}


def cut_at(server: FaultyServer, step: int, *, is_answered: bool) -> None:
    """Have the connection cut at the command of this number, once, with its answer or without."""

    def cutting(handler: Handler) -> Handler:
        async def handle(login: Login, argument: str) -> None:
            is_now = len(server.heard) == step
            if not is_now or is_answered:
                await handler(login, argument)
            if is_now:
                login.hang_up()

        return handle

    server.instead = {verb: cutting(handler) for verb, handler in usual().items()}


@pytest.mark.parametrize("is_answered", [True, False], ids=["after the answer", "before the answer"])
async def test_wherever_the_connection_dies_the_next_try_gets_the_file_there(*, is_answered: bool) -> None:
    heard = step = 0
    while heard >= step:
        step += 1
        async with faulty_server() as server:
            cut_at(server, step, is_answered=is_answered)
            await carry(store_at(server), DATA, tries=3)
            assert server.files == {FINAL: DATA}
            heard = len(server.heard)
    assert step > 10


# Lists


FACTS = ("211-Can do", " MLST type*;size*;modify*;", " SIZE", "211 End")


async def test_a_list_of_facts_is_read_and_what_can_be_no_name_is_passed_over(faulty: FaultyServer) -> None:
    faulty.says("FEAT", *FACTS)
    faulty.instead["MLSD"] = list_facts
    faulty.files.update({"web.1": b"x", "../../etc/passwd": b"yy", "web.2\x1b[2J": b"z", "with spaces ": b""})
    async with store_at(faulty).connect() as place:
        listing = await place.listing()
    assert {name: file.size_bytes for name, file in listing.files.items()} == {"web.1": 1, "with spaces ": 0}
    assert listing.passed_over == ("../../etc/passwd", "web.2\x1b[2J")
    assert "SIZE" not in faulty.verbs()


async def test_what_can_be_no_name_is_not_asked_about(faulty: FaultyServer) -> None:
    faulty.files.update({"web.1": b"x", "../../etc/passwd": b"yy", "web.2\x1b[2J": b"z"})
    async with store_at(faulty).connect() as place:
        listing = await place.listing()
    assert set(listing.files) == {"web.1"}
    assert listing.passed_over == ("../../etc/passwd", "web.2\x1b[2J")
    assert [line for line in faulty.heard if line.startswith("SIZE")] == ["SIZE web.1"]


async def test_paths_of_this_folder_are_names_in_it(faulty: FaultyServer) -> None:
    faulty.files["web.1"] = b"x"

    async def paths(login: Login, _argument: str) -> None:
        await send_data(login, b"/folder/web.1\r\n")
        await login.say("226 these")

    faulty.instead["NLST"] = paths
    async with store_at(faulty).connect() as place:
        assert set((await place.listing()).files) == {"web.1"}


@pytest.mark.parametrize(
    ("features", "verb", "line"),
    [("211 none", "NLST", b"a\n"), ("211-these\r\n MLST type*;size*;\r\n211 end", "MLSD", b"type=file; a\n")],
    ids=["NLST", "MLSD"],
)
async def test_a_list_of_a_million_short_names_takes_no_memory(
    faulty: FaultyServer, features: str, verb: str, line: bytes
) -> None:
    async def many(login: Login, _argument: str) -> None:
        await send_data(login, line * 1_000_000)
        await login.say("226 these")

    faulty.says("FEAT", *features.split("\r\n"))
    faulty.instead[verb] = many
    async with store_at(faulty).connect() as place:
        tracemalloc.start()
        try:
            with pytest.raises(StoreError, match="more than 100000 files"):
                await place.listing()
            assert tracemalloc.get_traced_memory()[1] < 60_000_000
        finally:
            tracemalloc.stop()


@pytest.mark.parametrize("verb", ["MLSD", "NLST", "SIZE"])
async def test_a_list_that_drips_has_an_end(
    faulty: FaultyServer, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    async def drip(login: Login, _argument: str) -> None:
        await login.say("150 here it comes")
        _, writer = await login.data()
        for byte in b"type=file;size=1; web.1\r\n" if verb == "MLSD" else b"a list of a name\r\n":
            writer.write(bytes([byte]))
            await asyncio.sleep(0.5)
        writer.close()
        await login.say("226 these")

    async def ponder(login: Login, _argument: str) -> None:
        await asyncio.sleep(0.5)
        await login.say("213 1")

    faulty.says("FEAT", *(FACTS if verb == "MLSD" else ("211 none",)))
    faulty.files.update({f"web.{number}": b"x" for number in range(20)})
    faulty.instead[verb] = ponder if verb == "SIZE" else drip
    monkeypatch.setattr("doorward.clients.ftp.downloads.LISTING_SECONDS", 3.0)
    async with store_at(faulty).connect() as place:
        with pytest.raises(StoreError, match="the list is not whole after 3 s") as caught:
            await place.listing()
        assert caught.value.trouble is Trouble.TEMPORARY
        monkeypatch.undo()
        faulty.instead = {"MLSD": list_facts}
        assert len((await place.listing()).files) == 20


@pytest.mark.parametrize(
    ("listing", "last"),
    [
        (b"type=file;size=1; web.1\r\n", "226 Output truncated to 1 matches"),
        (b"type=file;size=1; web.1\r\n", "426 it broke"),
        (b"type=file;size=1; web.1\r\ntype=file;size=1; we", "226 these"),
        (b"web.1\r\n", "226 these"),
        (b"size=1; web.1\r\n", "226 these"),
    ],
    ids=["truncated", "broken off", "cut", "no facts", "no type"],
)
async def test_a_list_that_is_not_whole_or_not_understood_is_an_error(
    faulty: FaultyServer, listing: bytes, last: str
) -> None:
    async def some(login: Login, _argument: str) -> None:
        await send_data(login, listing)
        await login.say(last)

    faulty.says("FEAT", *FACTS)
    faulty.instead["MLSD"] = some
    async with store_at(faulty).connect() as place:
        with pytest.raises(StoreError):
            await place.listing()


@pytest.mark.parametrize("code", [450, 550])
async def test_a_server_that_calls_an_empty_folder_an_error_is_understood(
    faulty: FaultyServer, code: int
) -> None:
    faulty.says("NLST", f"{code} No files found.")
    async with store_at(faulty).connect() as place:
        assert (await place.listing()).files == {}
        faulty.says("NLST", f"{code} no")
        with pytest.raises(StoreError):
            await place.listing()


async def test_a_folder_that_has_gone_is_not_an_empty_one(faulty: FaultyServer) -> None:
    async with store_at(faulty).connect() as place:
        assert (await place.listing()).files == {}
        faulty.says("CWD", "550 no such folder")
        with pytest.raises(StoreError) as caught:
            await place.listing()
        assert caught.value.trouble is Trouble.PERMANENT


async def test_answers_to_what_was_not_asked_are_not_taken_for_sizes(faulty: FaultyServer) -> None:
    faulty.files.update({f"web.{number}": b"x" * number for number in range(100)})

    async def twice(login: Login, _argument: str) -> None:
        await login.say("213 1")
        await login.say("213 2")

    faulty.instead["SIZE"] = twice
    async with store_at(faulty).connect() as place:
        with pytest.raises(StoreError, match="what nobody asked"):
            await place.listing()


# The server connects


async def _begin_active(login: Login, name: str, port: int, content: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await login.say("150 here it comes")
    writer.write(content)
    writer.close()
    await writer.wait_closed()
    await reader.read()
    await login.say("226 sent")


class ActiveServer:
    """What a server does that is told to connect."""

    def __init__(self, faulty: FaultyServer, *, knows_eprt: bool = True, stranger: str = "") -> None:
        self.port = 0
        self._stranger = stranger
        faulty.files["web.1"] = DATA
        if knows_eprt:
            faulty.instead["EPRT"] = self._extended
        faulty.instead["PORT"] = self._plain
        faulty.instead["RETR"] = self._retrieve

    async def _extended(self, login: Login, argument: str) -> None:
        self.port = int(argument.split("|")[3])
        await login.say("200 there")

    async def _plain(self, login: Login, argument: str) -> None:
        high, low = argument.split(",")[4:]
        self.port = int(high) * 256 + int(low)
        await login.say("200 there")

    async def _retrieve(self, login: Login, name: str) -> None:
        if self._stranger:
            address = (self._stranger, 0)
            _, writer = await asyncio.open_connection("127.0.0.1", self.port, local_addr=address)
            writer.write(b"something else")
            writer.close()
        await _begin_active(login, name, self.port, login.server.files[name])


@pytest.mark.parametrize("knows_eprt", [True, False], ids=["EPRT", "PORT"])
async def test_a_server_that_connects_gives_its_file(faulty: FaultyServer, *, knows_eprt: bool) -> None:
    ActiveServer(faulty, knows_eprt=knows_eprt)
    async with store_at(faulty, is_active=True).connect() as place:
        assert await whole(place, "web.1") == DATA


async def test_a_stranger_who_connects_first_is_not_listened_to(faulty: FaultyServer) -> None:
    ActiveServer(faulty, stranger="127.0.0.2")
    async with store_at(faulty, is_active=True).connect() as place:
        assert await whole(place, "web.1") == DATA


async def test_a_server_that_does_not_connect_is_waited_for_no_longer_than_that(faulty: FaultyServer) -> None:
    ActiveServer(faulty)
    faulty.says("RETR", "150 here it comes")
    async with store_at(faulty, SOON, is_active=True).connect() as place:
        with pytest.raises(StoreError, match="did not connect") as caught:
            await whole(place, "web.1")
    assert caught.value.trouble is Trouble.TEMPORARY


async def test_a_server_that_cannot_connect_says_why(faulty: FaultyServer) -> None:
    ActiveServer(faulty)
    faulty.says("RETR", "425 a firewall")
    async with store_at(faulty, is_active=True).connect() as place:
        with pytest.raises(StoreError, match="425") as caught:
            await whole(place, "web.1")
    assert caught.value.trouble is Trouble.TEMPORARY


# Digests


@pytest.mark.parametrize(
    ("feature", "verb", "answer"),
    [
        ("XSHA256 filename;start;end", "XSHA256", "250 {}"),
        ("XSHA256", "XSHA256", "213 {}"),
        ("HASH SHA-256*;SHA-1", "HASH", "213 SHA-256 0-49 {} web.1"),
    ],
)
async def test_a_digest_is_had_of_a_server_that_computes_one(
    faulty: FaultyServer, feature: str, verb: str, answer: str
) -> None:
    digest = "0123456789ABCDEF" * 4
    faulty.says("FEAT", "211-Can do", f" {feature}", "211 End")
    faulty.says("OPTS", "200 SHA-256")
    faulty.says(verb, answer.format(digest))
    async with store_at(faulty).connect() as place:
        assert await place.sha256("web.1") == digest.lower()
        faulty.says(verb, answer.format("f" * 63))
        assert await place.sha256("web.1") is None
        faulty.says(verb, "550 not now")
        assert await place.sha256("web.1") is None


async def test_there_is_no_digest_of_a_server_that_computes_none(faulty: FaultyServer) -> None:
    async with store_at(faulty).connect() as place:
        assert await place.sha256("web.1") is None
    assert not {"HASH", "XSHA256"} & set(faulty.verbs())


# The control connection while a file is on its way


def talkative(faulty: FaultyServer, deadlines: Deadlines = PATIENT) -> FtpStore:
    always_over = -1.0  # the clock of the loop may stand still for a millisecond
    return FtpStore(replace(faulty.server(deadlines), noop_seconds=always_over), "folder")


async def test_something_is_said_while_a_file_is_on_its_way(faulty: FaultyServer) -> None:
    async with talkative(faulty).connect() as place:
        for _ in range(3):
            assert await place.send(in_chunks(DATA), PARTIAL) == len(DATA)
        assert await whole(place, PARTIAL) == DATA
    assert faulty.verbs().count("NOOP") == 4
    assert faulty.logins == 1


@pytest.mark.parametrize("answer", ["500 not now", "503 not now"])
async def test_a_server_that_does_not_know_that_then_takes_the_file_all_the_same(
    faulty: FaultyServer, answer: str
) -> None:
    faulty.says("NOOP", answer)
    async with talkative(faulty).connect() as place:
        assert await place.send(in_chunks(DATA), PARTIAL) == len(DATA)
        await place.rename(PARTIAL, FINAL)
    assert faulty.files == {FINAL: DATA}
    assert faulty.logins == 1


async def test_a_server_that_does_not_answer_it_is_asked_on_another_connection(faulty: FaultyServer) -> None:
    faulty.says("NOOP")
    async with talkative(faulty).connect() as place:
        assert await place.send(in_chunks(DATA), PARTIAL) == len(DATA)
        await place.rename(PARTIAL, FINAL)
    assert faulty.files == {FINAL: DATA}
    assert faulty.logins == 2


async def test_a_refused_transfer_is_one_whatever_was_said_beside_it(faulty: FaultyServer) -> None:
    async def full(login: Login, name: str) -> None:
        await take_data(login, name)
        await login.say("452 no room")

    faulty.instead["STOR"] = full
    async with talkative(faulty).connect() as place:
        with pytest.raises(StoreError) as caught:
            await place.send(in_chunks(DATA), PARTIAL)
        assert caught.value.trouble is Trouble.FULL
