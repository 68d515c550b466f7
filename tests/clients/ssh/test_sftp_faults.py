"""Connections to a server of SFTP that are cut anywhere, and servers that do not answer."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from doorward.clients._endpoints import SshEndpoint, SshIdentity
from doorward.clients.ssh.sftp.login import SftpServer
from doorward.clients.ssh.sftp.place import SftpPlace
from doorward.clients.ssh.sftp.store import UNDER_WAY_BYTES, SftpStore
from doorward.clients.ssh.sftp.transfers import PIECE_BYTES, Window
from doorward.core.backup_store import StoreError, Trouble
from doorward.testing.backup_store_contract import in_chunks, some_bytes, whole
from tests.clients.carrying import FINAL, PARTIAL, carry
from tests.clients.cutting import cutting, spread
from tests.clients.relaying import IN_BETWEEN, AtByte, Then, relaying
from tests.clients.ssh.hostile_sftp import CUTS_NO_FILES, DRIPS, FORGETS_AT, LISTS, STOPS
from tests.clients.ssh.sftp_server import server_of
from tests.clients.ssh.sshd import Sshd, needs_sshd
from tests.plugins.soak import IS_SOAK

pytestmark = [needs_sshd, pytest.mark.timeout(600)]

DATA = some_bytes(600_000)
PLACES = 50 if IS_SOAK else 8


async def before(sshd: Sshd, port: int, tmp_path: Path, *, host: str = "127.0.0.1") -> SftpServer:
    """The server, as it is seen through what cuts connections."""

    def known() -> Sshd:
        folder = tmp_path / "ssh"
        shutil.copytree(sshd.folder, folder)
        between = replace(sshd, folder=folder, port=port, host=host)
        (folder / "known_hosts").write_text(between.known_line)
        return between

    return server_of(await asyncio.to_thread(known))


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    (tmp_path / "kept").mkdir()
    return tmp_path / "kept"


async def test_wherever_a_connection_is_cut_the_next_try_gets_the_file_there(
    sshd: Sshd, kept: Path, tmp_path: Path
) -> None:
    async with cutting(sshd.port) as cutter:
        store = SftpStore(await before(sshd, cutter.port, tmp_path), str(kept))
        for cut in spread(len(DATA) + 20_000, PLACES):
            cutter.cuts, cutter.connections = [cut, cut], 0
            await carry(store, DATA, tries=4)
            assert await asyncio.to_thread((kept / FINAL).read_bytes) == DATA
            await asyncio.to_thread(os.unlink, kept / FINAL)


@pytest.mark.parametrize("then", [Then.CUT, Then.END])
async def test_a_connection_lost_anywhere_in_the_login_may_do_better_soon(
    sshd: Sshd, kept: Path, tmp_path: Path, then: Then
) -> None:
    async with relaying(sshd.port) as relay:
        server = await before(sshd, relay.port, tmp_path, host=IN_BETWEEN)
        store = SftpStore(server, str(kept))
        async with store.connect():
            said_bytes = relay.most_bytes[False, False]
        for offset in spread(said_bytes - 1, 40 if IS_SOAK else 10):
            relay.faults = [AtByte(offset, then, is_data=False, is_from_client=False)]
            with pytest.raises(StoreError) as caught:
                async with store.connect():
                    pass
            assert caught.value.trouble is Trouble.TEMPORARY, (offset, caught.value)


async def test_a_place_is_of_use_again_after_its_connection_was_lost(
    sshd: Sshd, kept: Path, tmp_path: Path
) -> None:
    data = some_bytes(UNDER_WAY_BYTES + 10 * PIECE_BYTES)
    async with cutting(sshd.port) as cutter:
        # so late that some of it was answered: what was not may have a hole in it
        cutter.cuts = [UNDER_WAY_BYTES + 5 * PIECE_BYTES]
        async with SftpStore(await before(sshd, cutter.port, tmp_path), str(kept)).connect() as place:
            with pytest.raises(StoreError) as caught:
                await place.send(in_chunks(data), PARTIAL)
            assert caught.value.trouble is Trouble.TEMPORARY
            assert "connection was lost" in str(caught.value)
            there = await place.size(PARTIAL) or 0
            assert 0 < there < len(data)
            assert await place.send(in_chunks(data[there:]), PARTIAL, from_offset=there) == len(data)
            assert await whole(place, PARTIAL) == data
        assert cutter.connections == 2


async def test_a_server_that_stands_still_is_waited_for_no_longer_than_that(sshd: Sshd, kept: Path) -> None:
    store = SftpStore(server_of(sshd), str(kept), reply_seconds=0.5)
    async with store.connect() as place:
        assert await place.size(PARTIAL) is None
        stopped = await asyncio.to_thread(sshd.process.sessions)
        assert stopped
        await asyncio.to_thread(_send_to, stopped, "STOP")
        try:
            with pytest.raises(StoreError, match=r"no answer within 0\.5 s") as caught:
                await place.size(PARTIAL)
            assert caught.value.trouble is Trouble.TEMPORARY
        finally:
            await asyncio.to_thread(_send_to, stopped, "CONT")


def _send_to(processes: list[int], name: str) -> None:
    for process in processes:
        os.kill(process, signal.Signals[f"SIG{name}"])


@pytest.mark.parametrize("is_done", [True, False], ids=["done", "not done"])
async def test_a_renaming_whose_answer_got_lost_is_found_out_about(
    sshd: Sshd, kept: Path, monkeypatch: pytest.MonkeyPatch, *, is_done: bool
) -> None:
    rename: Callable[..., object] = asyncssh.SFTPClient.rename

    async def lost(client: asyncssh.SFTPClient, old: bytes, new: bytes) -> None:
        if is_done:
            await rename(client, old, new)  # type: ignore[misc]
        raise asyncssh.SFTPConnectionLost("cut")

    await asyncio.to_thread((kept / PARTIAL).write_bytes, DATA)
    monkeypatch.setattr(asyncssh.SFTPClient, "rename", lost)
    async with SftpStore(server_of(sshd), str(kept)).connect() as place:
        if is_done:
            await place.rename(PARTIAL, FINAL)
        else:
            await _is_refused(place)
        assert set((await place.listing()).files) == {FINAL if is_done else PARTIAL}


async def _is_refused(place: SftpPlace) -> None:
    with pytest.raises(StoreError) as caught:
        await place.rename(PARTIAL, FINAL)
    assert caught.value.trouble is Trouble.TEMPORARY


@pytest.fixture
def hostile(kept: Path) -> Iterator[SftpStore]:
    words = [sys.executable, "-m", "tests.clients.ssh.hostile_sftp", str(kept)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port, fingerprint = process.stdout.readline().split()
        identity = SshIdentity(user="alice")
        endpoint = SshEndpoint("sftp://127.0.0.1", "127.0.0.1", int(port), identity, fingerprint=fingerprint)
        try:
            yield SftpStore(SftpServer(endpoint=endpoint, connect_seconds=60), "/")
        finally:
            process.kill()  # it may stand still


async def test_names_that_lead_elsewhere_are_passed_over_and_told(hostile: SftpStore) -> None:
    async with hostile.connect() as place:
        listing = await place.listing()
    assert set(listing.files) == {"web.2", "\udcff"}
    assert set(listing.passed_over) >= {"../../etc/passwd", "/etc/shadow", "web.1\x1b[2J"}


async def test_a_server_that_overwrites_is_not_asked_to(hostile: SftpStore, kept: Path) -> None:
    await asyncio.to_thread((kept / PARTIAL).write_bytes, b"new")
    await asyncio.to_thread((kept / FINAL).write_bytes, b"old")
    async with hostile.connect() as place:
        with pytest.raises(StoreError) as caught:
            await place.rename(PARTIAL, FINAL)
        assert caught.value.trouble is Trouble.TAKEN
        assert await whole(place, FINAL) == b"old"


@pytest.mark.parametrize("cuts_files", [True, False], ids=["cut", "removed"])
async def test_what_was_written_behind_a_write_that_failed_is_not_gone_on_with(
    hostile: SftpStore, kept: Path, *, cuts_files: bool
) -> None:
    data = some_bytes(12 * PIECE_BYTES + 7)
    await asyncio.to_thread((kept / FORGETS_AT).write_text, str(3 * PIECE_BYTES))
    if not cuts_files:
        await asyncio.to_thread((kept / CUTS_NO_FILES).touch)
    async with hostile.connect() as place:
        with pytest.raises(StoreError, match="an error of the disk") as caught:
            await place.send(in_chunks(data), PARTIAL)
        assert caught.value.trouble is Trouble.TEMPORARY
    # whoever comes next knows no more than how long it is
    if cuts_files:
        there = await asyncio.to_thread((kept / PARTIAL).read_bytes)
        assert there == data[: len(there)]
        assert 2 * PIECE_BYTES < len(there) < 4 * PIECE_BYTES
    else:
        assert not await asyncio.to_thread((kept / PARTIAL).exists)
    assert await carry(hostile, data, tries=1) == 1
    assert await asyncio.to_thread((kept / FINAL).read_bytes) == data


async def test_more_files_than_are_listed_are_an_error(
    hostile: SftpStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("doorward.clients.ssh.sftp.place.LISTED_FILES", 3)
    async with hostile.connect() as place:
        with pytest.raises(StoreError, match="more than 3 files") as caught:
            await place.listing()
        assert caught.value.trouble is Trouble.PERMANENT


async def test_a_list_that_drips_has_an_end(
    hostile: SftpStore, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asyncio.to_thread((kept / LISTS).write_text, DRIPS)
    monkeypatch.setattr("doorward.clients.ssh.sftp.place.LISTING_SECONDS", 1.0)
    async with hostile.connect() as place:
        with pytest.raises(StoreError, match="the list is not whole after 1 s") as caught:
            await place.listing()
        assert caught.value.trouble is Trouble.TEMPORARY
        monkeypatch.undo()
        await asyncio.to_thread((kept / LISTS).unlink)
        assert set((await place.listing()).files) == {"web.2", "\udcff"}


async def test_a_server_that_stands_still_in_a_list_is_waited_for_no_longer_than_that(
    hostile: SftpStore, kept: Path
) -> None:
    """The library asks it to close the list, which is not answered either."""
    await asyncio.to_thread((kept / LISTS).write_text, STOPS)
    store = SftpStore(hostile._server, "/", reply_seconds=1.0)
    async with store.connect() as place:
        with pytest.raises(StoreError, match="no answer within 1 s") as caught:
            await place.listing()
        assert caught.value.trouble is Trouble.TEMPORARY


@pytest.fixture
def under_way(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many requests of one file were under way, each time that one was begun."""
    counts: list[int] = []
    begin = Window.begin

    def counted(window: Window[object], request: Coroutine[Any, Any, object]) -> None:
        begin(window, request)
        counts.append(len(window._under_way))

    monkeypatch.setattr(Window, "begin", counted)
    return counts


MOST = UNDER_WAY_BYTES // PIECE_BYTES


async def test_whoever_sends_leaves_their_share_to_a_connection_that_comes(
    sshd: Sshd, kept: Path, under_way: list[int]
) -> None:
    store = SftpStore(server_of(sshd), str(kept))
    piece = some_bytes(PIECE_BYTES)
    begun = 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal begun
        for _ in range(2 * MOST):
            yield piece
        begun = len(under_way)
        async with store.connect():
            for _ in range(2 * MOST):
                yield piece

    async with store.connect() as place:
        await place.send(pieces(), PARTIAL)
    assert max(under_way[:begun]) == MOST
    assert max(under_way[begun:]) == MOST // 2


async def test_whoever_reads_leaves_their_share_to_a_connection_that_comes(
    sshd: Sshd, kept: Path, under_way: list[int]
) -> None:
    store = SftpStore(server_of(sshd), str(kept))
    await asyncio.to_thread((kept / FINAL).write_bytes, some_bytes(4 * MOST * PIECE_BYTES))
    async with store.connect() as place, aclosing(place.read(FINAL)) as pieces:
        await anext(pieces)
        begun = len(under_way)
        async with store.connect():
            async for _ in pieces:
                pass
    assert max(under_way[:begun]) == MOST
    assert max(under_way[begun:]) == MOST // 2
