"""What a server does wrong in the middle of a transfer, and that nothing counts as whole which is not."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from doorward.clients._trust import Trust
from doorward.clients.ftp.client import logged_in, open_download
from doorward.clients.ftp.settings import Deadlines, Security
from doorward.core.errors import ConnectError, PeerRefused, TransferIncomplete
from tests.certificates import Written, server_context
from tests.clients.ftp.faults import (
    PATIENT,
    FaultyServer,
    Login,
    end_below_tls,
    faulty_server,
    send_data,
    take_data,
)
from tests.clients.ftp.files import all_of, content, fetched, in_chunks

DATA = content(400_000)
HALF = DATA[:200_000]

SOON = Deadlines(connect_seconds=30, tls_seconds=30, reply_seconds=0.3, data_seconds=0.3, total_seconds=60)
"""For what never comes."""


@pytest.fixture
async def faulty() -> AsyncIterator[FaultyServer]:
    async with faulty_server() as server:
        server.files["file"] = DATA
        yield server


async def refused_upload(faulty: FaultyServer, deadlines: Deadlines) -> TransferIncomplete:
    with pytest.raises(TransferIncomplete) as caught:
        async with logged_in(faulty.server(deadlines)) as client:
            await client.store("new", in_chunks(DATA))
    return caught.value


async def refused_download(faulty: FaultyServer, deadlines: Deadlines) -> TransferIncomplete:
    with pytest.raises(TransferIncomplete) as caught:
        await fetched(open_download(faulty.server(deadlines), "file"))
    return caught.value


async def test_a_server_that_does_all_right_gives_and_takes_files(faulty: FaultyServer) -> None:
    async with logged_in(faulty.server()) as client:
        assert await fetched(client.download("file")) == DATA
        assert await client.publish(in_chunks(HALF), temporary="part", name="new") == len(HALF)
        assert await client.names() == ["file", "new"]
    assert faulty.files == {"file": DATA, "new": HALF}
    assert faulty.verbs()[-1] == "QUIT"


# Fetching


async def test_a_download_cut_in_the_middle_says_how_much_came_and_can_be_taken_up(
    faulty: FaultyServer,
) -> None:
    async def cut(login: Login, _name: str) -> None:
        await send_data(login, HALF)
        await login.say("426 the disk broke")

    faulty.instead["RETR"] = cut
    error = await refused_download(faulty, PATIENT)
    assert (error.moved_bytes, error.expected_bytes, error.code) == (len(HALF), len(DATA), 426)
    assert "200000 of 400000 bytes were moved; the server answered 426: the disk broke" in str(error)
    del faulty.instead["RETR"]
    rest = await fetched(open_download(faulty.server(), "file", offset=error.moved_bytes))
    assert HALF + rest == DATA


async def test_a_last_word_without_all_the_bytes_is_not_believed(faulty: FaultyServer) -> None:
    async def half(login: Login, _name: str) -> None:
        await send_data(login, HALF)
        await login.say("226 that was all")

    faulty.instead["RETR"] = half
    error = await refused_download(faulty, PATIENT)
    assert (error.moved_bytes, error.code) == (len(HALF), 226)


async def test_more_bytes_than_the_size_are_not_handed_out(faulty: FaultyServer) -> None:
    async def endless(login: Login, _name: str) -> None:
        await login.say("150 here it comes")
        _, writer = await login.data()
        while True:
            writer.write(DATA)
            await writer.drain()

    faulty.instead["RETR"] = endless
    error = await refused_download(faulty, PATIENT)
    assert "longer than the server said" in str(error)


async def test_a_stall_ends_at_its_deadline(faulty: FaultyServer) -> None:
    async def stall(login: Login, _name: str) -> None:
        await login.say("150 here it comes")
        _, writer = await login.data()
        writer.write(HALF)
        await writer.drain()

    faulty.instead["RETR"] = stall
    error = await refused_download(faulty, SOON)
    assert "nothing came within 0.3 s" in str(error)
    assert error.moved_bytes == len(HALF)


async def test_a_trickle_without_end_ends_when_the_time_for_all_is_over(faulty: FaultyServer) -> None:
    async def trickle(login: Login, _name: str) -> None:
        await login.say("150 here it comes")
        _, writer = await login.data()
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.01)

    faulty.instead["RETR"] = trickle
    total = Deadlines(connect_seconds=30, tls_seconds=30, reply_seconds=30, data_seconds=30, total_seconds=1)
    error = await refused_download(faulty, total)
    assert "not done within 1 s in all" in str(error)


@pytest.mark.parametrize("is_told", [True, False], ids=["421", "a reset"])
async def test_a_control_connection_that_died_leaves_the_size_to_decide(
    faulty: FaultyServer, *, is_told: bool
) -> None:
    async def begin(login: Login, name: str) -> None:
        await login.say("150 here it comes")
        _, writer = await login.data()
        if is_told:
            await login.say("421 idle for too long")
        writer.write(DATA)
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        login.hang_up()

    faulty.instead["RETR"] = begin
    async with logged_in(faulty.server()) as client:
        await client.change_folder("folder")
        assert await fetched(client.download("file")) == DATA
        assert await client.size("file") == len(DATA)
    assert faulty.logins == 2
    assert faulty.verbs().count("CWD") == 2


async def test_without_a_size_the_last_word_counts_and_without_both_nothing_does(
    faulty: FaultyServer,
) -> None:
    faulty.says("SIZE", "502 not known")
    async with open_download(faulty.server(), "file") as download:
        assert download.size is None
        assert await all_of(download) == DATA

    async def without_a_word(login: Login, _name: str) -> None:
        await send_data(login, DATA)
        login.hang_up()

    faulty.instead["RETR"] = without_a_word
    error = await refused_download(faulty, PATIENT)
    assert (error.moved_bytes, error.expected_bytes) == (len(DATA), None)


async def test_a_file_that_changed_while_the_connection_was_lost_is_not_taken_for_whole(
    faulty: FaultyServer,
) -> None:
    async def change(login: Login, _name: str) -> None:
        await send_data(login, DATA)
        login.server.files["file"] += b"more"
        login.hang_up()

    faulty.instead["RETR"] = change
    assert "changed meanwhile" in str(await refused_download(faulty, PATIENT))


async def test_an_end_of_the_data_that_is_never_said_does_not_matter_after_the_last_word(
    faulty: FaultyServer,
) -> None:
    async def hang(login: Login, _name: str) -> None:
        await login.say("150 here it comes")
        _, writer = await login.data()
        writer.write(DATA)
        await writer.drain()
        await login.say("226 all of it")

    faulty.instead["RETR"] = hang
    async with logged_in(faulty.server(SOON)) as client:
        assert await fetched(client.download("file")) == DATA
        assert await client.size("file") == len(DATA)
    assert faulty.logins == 1


async def test_a_connection_whose_last_word_is_late_is_left_and_the_size_decides(
    faulty: FaultyServer,
) -> None:
    async def silent(login: Login, _name: str) -> None:
        await send_data(login, DATA)

    faulty.instead["RETR"] = silent
    async with logged_in(faulty.server(SOON)) as client:
        assert await fetched(client.download("file")) == DATA
    assert faulty.logins == 2


@pytest.mark.parametrize("code", [425, 450, 550])
async def test_a_refused_download_leaves_the_connection_of_use(faulty: FaultyServer, code: int) -> None:
    faulty.says("RETR", f"{code} not now")
    async with logged_in(faulty.server()) as client:
        with pytest.raises(PeerRefused) as caught:
            await fetched(client.download("file"))
        assert (caught.value.code, caught.value.is_temporary) == (code, code < 500)
        assert await client.size("file") == len(DATA)
    assert faulty.logins == 1


# Sending


@pytest.mark.parametrize("code", [421, 426, 451, 452, 530, 552])
async def test_an_upload_given_up_in_the_middle_tells_the_code(faulty: FaultyServer, code: int) -> None:
    async def give_up(login: Login, name: str) -> None:
        await take_data(login, name, most_bytes=1000)
        await login.say(f"{code} no further")

    faulty.instead["STOR"] = give_up
    error = await refused_upload(faulty, PATIENT)
    assert error.code == code
    assert "no further" in str(error)


async def test_an_upload_that_is_refused_without_being_read_ends_at_once(faulty: FaultyServer) -> None:
    async def refuse(login: Login, _name: str) -> None:
        await login.say("150 give it")
        reader, _ = await login.data()
        await reader.readexactly(500_000)
        await login.say("552 the quota is used up")

    faulty.instead["STOR"] = refuse
    endless = content(1_000_000) * 50
    # nothing else would end it before the test has to
    patient = replace(PATIENT, data_seconds=600, total_seconds=600)
    with pytest.raises(TransferIncomplete) as caught:
        async with logged_in(faulty.server(patient)) as client:
            await client.store("new", in_chunks(endless))
    assert caught.value.code == 552
    assert caught.value.moved_bytes < len(endless)


async def test_an_upload_that_nobody_reads_ends_at_its_deadline(faulty: FaultyServer) -> None:
    async def stall(login: Login, _name: str) -> None:
        await login.say("150 give it")
        reader, _ = await login.data()
        reader._transport.pause_reading()  # type: ignore[attr-defined]

    faulty.instead["STOR"] = stall
    with pytest.raises(TransferIncomplete, match=r"nothing came within 0\.3 s"):
        async with logged_in(faulty.server(SOON)) as client:
            await client.store("new", in_chunks(content(1_000_000) * 50))


@pytest.mark.parametrize("there", [b"", HALF, DATA + b"more"])
async def test_a_last_word_with_another_size_is_not_believed(faulty: FaultyServer, there: bytes) -> None:
    async def lose(login: Login, name: str) -> None:
        await take_data(login, name)
        login.server.files[name] = there
        await login.say("226 taken")

    faulty.instead["STOR"] = lose
    error = await refused_upload(faulty, PATIENT)
    assert (error.moved_bytes, error.expected_bytes) == (len(there), len(DATA))
    assert "with another size" in str(error)


async def test_an_upload_whose_last_word_got_lost_is_there_when_its_size_is(faulty: FaultyServer) -> None:
    async def vanish(login: Login, name: str) -> None:
        await take_data(login, name)
        login.hang_up()

    faulty.instead["STOR"] = vanish
    async with logged_in(faulty.server()) as client:
        await client.change_folder("folder")
        assert await client.publish(in_chunks(DATA), temporary="part", name="new") == len(DATA)
    assert faulty.files["new"] == DATA
    assert faulty.logins == 2


async def test_an_upload_whose_end_and_last_word_got_lost_is_not_there(faulty: FaultyServer) -> None:
    async def vanish(login: Login, name: str) -> None:
        await take_data(login, name)
        login.server.files[name] = HALF
        login.hang_up()

    faulty.instead["STOR"] = vanish
    error = await refused_upload(faulty, PATIENT)
    assert (error.moved_bytes, error.expected_bytes) == (len(HALF), len(DATA))


async def test_what_is_still_on_its_way_to_the_disk_is_waited_for(faulty: FaultyServer) -> None:
    async def vanish(login: Login, name: str) -> None:
        await take_data(login, name)
        login.server.files[name] = HALF

        async def grow(login: Login, name: str) -> None:
            await login.say(f"213 {len(login.server.files[name])}")
            login.server.files[name] = DATA

        login.server.instead["SIZE"] = grow
        login.hang_up()

    faulty.instead["STOR"] = vanish
    async with logged_in(faulty.server()) as client:
        assert await client.store("new", in_chunks(DATA)) == len(DATA)


async def test_without_a_size_nothing_counts_as_stored(faulty: FaultyServer) -> None:
    faulty.says("SIZE", "502 not known")
    async with logged_in(faulty.server()) as client:
        with pytest.raises(PeerRefused) as caught:
            await client.store("new", in_chunks(DATA))
    assert caught.value.code == 502


async def test_a_source_that_fails_is_told_as_it_is_and_leaves_the_client_of_use(
    faulty: FaultyServer,
) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield HALF
        raise RuntimeError("the disk of this machine")

    async with logged_in(faulty.server()) as client:
        with pytest.raises(RuntimeError, match="of this machine"):
            await client.store("new", broken())
        assert await client.store("new", in_chunks(DATA)) == len(DATA)
    assert faulty.files["new"] == DATA


# Names


async def test_a_list_of_names_that_did_not_come_whole_is_an_error(faulty: FaultyServer) -> None:
    async def cut(login: Login, _argument: str) -> None:
        await send_data(login, b"web.1\r\n")
        await login.say("426 cut")

    async def half_a_name(login: Login, _argument: str) -> None:
        await send_data(login, b"web.1\r\nweb.")
        await login.say("226 all")

    async def silent(login: Login, _argument: str) -> None:
        await send_data(login, b"web.1\r\n")
        login.hang_up()

    for handler in (cut, half_a_name, silent):
        faulty.instead["NLST"] = handler
        with pytest.raises(ConnectError):
            async with logged_in(faulty.server()) as client:
                await client.names()


async def test_a_list_of_names_whose_end_was_not_said_under_tls_is_an_error(
    faulty: FaultyServer, localhost: Written
) -> None:
    async def cut(login: Login, _argument: str) -> None:
        await login.say("150 these")
        _, writer = await login.data()
        writer.write(b"web.1\r\n")
        await writer.drain()
        end_below_tls(writer)
        await login.say("226 these")

    faulty.tls = faulty.data_tls = await asyncio.to_thread(server_context, localhost)
    trust = Trust(authorities=localhost.file)
    async with logged_in(replace(faulty.server(), security=Security.EXPLICIT, trust=trust)) as client:
        assert await client.names() == ["file"]
        faulty.instead["NLST"] = cut
        with pytest.raises(TransferIncomplete, match="the connection was cut"):
            await client.names()


async def test_names_that_lead_elsewhere_are_an_error(faulty: FaultyServer) -> None:
    faulty.files = {"../passwd": b""}
    with pytest.raises(ConnectError, match="no name of a file in a folder"):
        async with logged_in(faulty.server()) as client:
            await client.names()


async def test_names_without_end_are_an_error(faulty: FaultyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("doorward.clients.ftp.downloads.LISTING_BYTES", 100_000)

    async def endless(login: Login, _argument: str) -> None:
        await login.say("150 these")
        _, writer = await login.data()
        while True:
            writer.write(b"web.1\r\n" * 1000)
            await writer.drain()

    faulty.instead["NLST"] = endless
    with pytest.raises(ConnectError, match="longer than 100000 bytes"):
        async with logged_in(faulty.server()) as client:
            await client.names()
