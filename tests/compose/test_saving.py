"""A fetched file is whole under its name or not there."""

import asyncio
import errno
import os
import stat
import threading
from pathlib import Path

import aiohttp
import pytest

from doorward.compose.cookies import write_cookies
from doorward.compose.fetching import FetchSession
from doorward.compose.saving import CannotSave, FileSink
from doorward.compose.transferring import transfer
from doorward.core.errors import ConnectError, TrustError
from doorward.core.fetching import FetchRequest, Head
from tests.fetch_servers import Connection, Script, answer, parts_in, scripted

pytestmark = pytest.mark.may_block("a test looks at files between what it awaits")

WAIT_SECONDS = 25.0
URL = "http://example.org/blob"
NOBODY = 65534
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to somebody else")
HEAD = Head(url=URL, size=10, validator='"one"')


async def saved(file: Path, *pieces: bytes, keeps_part: bool = False) -> None:
    sink = FileSink(file, url=URL, keeps_part=keeps_part)
    await sink.open()
    try:
        await sink.begin(HEAD)
        for piece in pieces:
            await sink.write(piece)
        await sink.finish()
    finally:
        await sink.give_up()


async def test_a_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "blob"
    sink = FileSink(file, url=URL, keeps_part=False)
    await sink.open()
    await sink.begin(HEAD)
    await sink.write(b"x" * 2_000_000)
    assert not file.exists()
    await sink.finish()
    await sink.give_up()
    assert file.read_bytes() == b"x" * 2_000_000
    assert os.listdir(tmp_path) == ["blob"]


async def test_an_old_file_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "blob"
    file.write_bytes(b"old")
    file.chmod(0o640)
    sink = FileSink(file, url=URL, keeps_part=False)
    await sink.open()
    await sink.begin(HEAD)
    await sink.write(b"half")
    await sink.give_up()
    assert file.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["blob"]
    await saved(file, b"new")
    assert (file.read_bytes(), stat.S_IMODE(file.stat().st_mode)) == (b"new", 0o640)


async def test_a_link_stays_and_what_it_leads_to_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    target = tmp_path / "there" / "blob"
    target.write_bytes(b"old")
    (tmp_path / "link").symlink_to(target)
    await saved(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert target.read_bytes() == b"new"


async def test_a_mode_that_gives_more_than_reading_and_writing_is_not_taken_over(tmp_path: Path) -> None:
    file = tmp_path / "blob"
    file.write_bytes(b"old")
    file.chmod(0o6755)
    await saved(file, b"new")
    assert stat.S_IMODE(file.stat().st_mode) == 0o755


@needs_root
async def test_the_mode_of_somebody_elses_file_is_not_taken_over(tmp_path: Path) -> None:
    file = tmp_path / "blob"
    file.write_bytes(b"old")
    os.chown(file, NOBODY, NOBODY)
    file.chmod(0o777)
    await saved(file, b"new")
    assert stat.S_IMODE(file.stat().st_mode) & 0o022 == 0


@needs_root
@pytest.mark.parametrize("is_whole", [True, False], ids=["of a file", "of nothing"])
async def test_a_link_of_somebody_else_where_all_may_write_is_not_followed(
    tmp_path: Path, *, is_whole: bool
) -> None:
    shared, victim = tmp_path / "shared", tmp_path / "victim"
    shared.mkdir()
    shared.chmod(0o1777)
    if is_whole:
        victim.write_bytes(b"mine")
    link = shared / "blob"
    link.symlink_to(victim)
    os.chown(link, NOBODY, NOBODY, follow_symlinks=False)
    (tmp_path / "mine").symlink_to(link)
    for file in (link, tmp_path / "mine"):
        with pytest.raises(TrustError, match="a link that somebody else put"):
            await saved(file, b"new")
        with pytest.raises(TrustError, match="a link that somebody else put"):
            await write_cookies(aiohttp.CookieJar(), file)
    assert victim.exists() == is_whole
    os.chown(link, os.geteuid(), -1, follow_symlinks=False)
    await saved(link, b"new")
    assert victim.read_bytes() == b"new"


async def test_a_link_to_itself_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("link")
    with pytest.raises(TrustError, match="without end"):
        await saved(tmp_path / "link", b"new")


async def test_a_device_is_written_to_and_a_full_one_is_an_error(tmp_path: Path) -> None:
    await saved(Path("/dev/null"), b"x" * 1_000_000)
    with pytest.raises(CannotSave, match="/dev/full cannot be saved: no space left on device"):
        await saved(Path("/dev/full"), b"x" * 1_000_000)
    assert os.listdir(tmp_path) == []


async def test_a_folder_and_a_name_in_none_are_errors(tmp_path: Path) -> None:
    with pytest.raises(CannotSave, match="is a folder"):
        await saved(tmp_path, b"")
    with pytest.raises(CannotSave, match="no such file or directory"):
        await saved(tmp_path / "nowhere" / "blob", b"")


async def test_a_disk_that_is_full_leaves_the_old_file_and_nothing_else(small_disk: Path) -> None:
    file = small_disk / "blob"
    file.write_bytes(b"old")
    with pytest.raises(CannotSave, match=os.strerror(errno.ENOSPC).lower()):
        await saved(file, b"x" * 1_000_000)
    assert file.read_bytes() == b"old"
    assert os.listdir(small_disk) == ["blob"]


async def test_a_part_on_a_disk_that_is_full_says_truly_how_long_it_is(small_disk: Path) -> None:
    file = small_disk / "blob"
    with pytest.raises(CannotSave):
        await saved(file, b"x" * 1_000_000, keeps_part=True)
    again = FileSink(file, url=URL, keeps_part=True)
    await again.open()
    try:
        assert again.received_bytes in {0, (small_disk / "blob.part").stat().st_size}
    finally:
        await again.give_up()


async def test_a_part_is_gone_on_with_for_the_same_address_only(tmp_path: Path) -> None:
    file = tmp_path / "blob"
    first = FileSink(file, url=URL, keeps_part=True)
    await first.open()
    await first.begin(HEAD)
    await first.write(b"01234")
    await first.give_up()
    assert parts_in(tmp_path) == ["blob.part", "blob.part.json"]

    other = FileSink(file, url="http://example.org/other", keeps_part=True)
    await other.open()
    assert (other.received_bytes, other.validator) == (0, "")

    same = FileSink(file, url=URL, keeps_part=True)
    with pytest.raises(CannotSave, match="is being written by another fetch"):
        await same.open()
    os.close(other._descriptor)
    other._descriptor = -1
    await same.open()
    assert (same.received_bytes, same.validator) == (5, '"one"')
    await same.begin(Head(url=URL, status=206, from_bytes=5, validator='"one"'))
    await same.write(b"56789")
    await same.finish()
    await same.give_up()
    assert file.read_bytes() == b"0123456789"
    assert parts_in(tmp_path) == []


async def test_who_leaves_while_a_file_gets_its_name_leaves_the_whole_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_there, may_go_on, replace = threading.Event(), threading.Event(), os.replace

    def replace_later(old: str, new: str) -> None:
        is_there.set()
        assert may_go_on.wait(WAIT_SECONDS)
        replace(old, new)

    monkeypatch.setattr(os, "replace", replace_later)
    async with asyncio.TaskGroup() as group:
        saving = group.create_task(saved(tmp_path / "blob", b"whole"))
        assert await asyncio.to_thread(is_there.wait, WAIT_SECONDS)
        for _ in range(3):
            saving.cancel()
            # it would end here, and take the file away, did it not wait for the thread
            await asyncio.wait({saving}, timeout=0.1)
        may_go_on.set()
        await asyncio.wait({saving})
    assert saving.cancelled()
    assert os.listdir(tmp_path) == ["blob"]
    assert (tmp_path / "blob").read_bytes() == b"whole"


@pytest.mark.parametrize("note", ["", "{", "[]", '{"url": 1}', '{"url": "http://example.org/blob"}'])
async def test_a_note_that_cannot_be_read_begins_anew(tmp_path: Path, note: str) -> None:
    (tmp_path / "blob.part").write_bytes(b"junk")
    (tmp_path / "blob.part.json").write_text(note)
    await saved(tmp_path / "blob", b"whole", keeps_part=True)
    assert (tmp_path / "blob").read_bytes() == b"whole"


@pytest.mark.parametrize("kind", ["link", "fifo", "hard link"])
async def test_a_part_that_somebody_else_laid_there_is_not_written_to(tmp_path: Path, kind: str) -> None:
    victim, part = tmp_path / "victim", tmp_path / "blob.part"
    victim.write_bytes(b"mine")
    match kind:
        case "link":
            part.symlink_to(victim)
        case "fifo":
            os.mkfifo(part)
        case _:
            os.link(victim, part)
    with pytest.raises(CannotSave):
        await saved(tmp_path / "blob", b"x", keeps_part=True)
    assert victim.read_bytes() == b"mine"


def cut_short(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + body


def stalling(begun: asyncio.Event) -> Script:
    async def script(connection: Connection) -> None:
        await connection.send(cut_short(b"half"))
        begun.set()
        await connection.hang()

    return script


async def test_an_error_in_the_body_leaves_nothing(tmp_path: Path) -> None:
    async with scripted({"/": cut_short(b"half")}) as server, FetchSession() as session:
        sink = FileSink(tmp_path / "blob", url=server.url, keeps_part=False)
        await sink.open()
        try:
            with pytest.raises(ConnectError, match="broke off"):
                await transfer(session, FetchRequest(url=f"{server.url}/", retries=0), sink)
        finally:
            await sink.give_up()
    assert os.listdir(tmp_path) == []


async def test_who_leaves_in_the_middle_leaves_nothing(tmp_path: Path) -> None:
    begun = asyncio.Event()

    async def fetch(url: str) -> None:
        sink = FileSink(tmp_path / "blob", url=url, keeps_part=False)
        await sink.open()
        try:
            async with FetchSession() as session:
                await transfer(session, FetchRequest(url=url), sink)
        finally:
            await sink.give_up()

    async with scripted({"/": stalling(begun)}) as server, asyncio.TaskGroup() as group:
        task = group.create_task(fetch(f"{server.url}/"))
        async with asyncio.timeout(20):
            await begun.wait()
        task.cancel()
    assert os.listdir(tmp_path) == []


async def test_the_page_of_an_error_does_not_replace_a_good_file(tmp_path: Path) -> None:
    file = tmp_path / "blob"
    file.write_bytes(b"good")
    async with (
        scripted({"/": answer(b"<html>", status="500 Oh")}) as server,
        FetchSession() as session,
    ):
        sink = FileSink(file, url=server.url, keeps_part=False)
        await sink.open()
        head = await transfer(session, FetchRequest(url=f"{server.url}/"), sink)
        await sink.give_up()
    assert not head.is_success
    assert file.read_bytes() == b"good"
    assert os.listdir(tmp_path) == ["blob"]
