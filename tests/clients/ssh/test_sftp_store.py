"""A folder at OpenSSH's server passes the suite of stores, and the server has to be the one that is known."""

import asyncio
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from doorward.clients.ssh.sftp.login import SftpServer
from doorward.clients.ssh.sftp.store import SftpStore
from doorward.core.backup_store import StoreError, Trouble
from doorward.testing.backup_store_contract import (
    BackupStoreContract,
    KeptUnderTest,
    in_chunks,
    some_bytes,
    whole,
)
from tests.clients.folders import kept_in
from tests.clients.ssh.sftp_server import server_of
from tests.clients.ssh.sshd import Sshd, needs_sshd
from tests.doors.ssh_peers import make_key, public_line

pytestmark = [needs_sshd, pytest.mark.timeout(120)]


@pytest.fixture
def kept(sshd: Sshd, tmp_path: Path) -> KeptUnderTest:
    folder = tmp_path / "kept"
    folder.mkdir()
    server = server_of(sshd)
    return kept_in(
        folder,
        store=SftpStore(server, str(folder)),
        without_folder=SftpStore(server, str(tmp_path / "missing")),
    )


class TestSftpStore(BackupStoreContract): ...


async def refusal(server: SftpServer, folder: Path) -> StoreError:
    with pytest.raises(StoreError) as caught:
        async with SftpStore(server, str(folder)).connect():
            pytest.fail("it was entered")
    return caught.value


async def test_a_large_file_goes_and_comes_whole(kept: KeptUnderTest) -> None:
    content = some_bytes(20_000_000)
    async with kept.store.connect() as place:
        assert await place.send(in_chunks(content, chunk_bytes=1_000_003), "web.1") == len(content)
        assert await whole(place, "web.1") == content
    assert await kept.found() == {"web.1": content}


async def test_a_server_whose_key_has_changed_is_refused(sshd: Sshd, tmp_path: Path) -> None:
    other = await asyncio.to_thread(lambda: public_line(make_key(tmp_path, "other")).rpartition(" ")[0])
    folder = await asyncio.to_thread(shutil.copytree, sshd.folder, tmp_path / "ssh")
    known = folder / "known_hosts"
    await asyncio.to_thread(known.write_text, f"[127.0.0.1]:{sshd.port} {other}\n")
    server = server_of(replace(sshd, folder=folder))
    error = await refusal(server, tmp_path)
    assert (error.trouble, error.phase) == (Trouble.PERMANENT, "SSH")
    assert "its host key has changed" in str(error)
    await asyncio.to_thread(known.write_text, "")
    error = await refusal(server, tmp_path)
    assert error.trouble is Trouble.PERMANENT
    assert "its host key is not known" in str(error)
    await asyncio.to_thread(known.write_text, sshd.known_line)
    async with SftpStore(server, str(tmp_path)).connect():
        pass


async def test_without_a_key_that_is_taken_nobody_is_let_in(sshd: Sshd, tmp_path: Path) -> None:
    folder = await asyncio.to_thread(shutil.copytree, sshd.folder, tmp_path / "ssh")
    await asyncio.to_thread((folder / "id_ed25519").unlink)
    error = await refusal(server_of(replace(sshd, folder=folder)), tmp_path)
    assert (error.trouble, error.phase) == (Trouble.PERMANENT, "login")


async def test_a_server_that_is_not_there_may_be_there_soon(sshd: Sshd, tmp_path: Path) -> None:
    server = server_of(sshd)
    gone = replace(server, endpoint=replace(server.endpoint, port=1))
    error = await refusal(gone, tmp_path)
    assert (error.trouble, error.phase) == (Trouble.TEMPORARY, "connect")


async def test_a_full_disk_is_told_and_what_is_there_stays(sshd: Sshd, small_disk: Path) -> None:
    content = some_bytes(1_000_000)
    async with SftpStore(server_of(sshd), str(small_disk)).connect() as place:
        await place.send(in_chunks(b"old"), "web.1")
        with pytest.raises(StoreError) as caught:
            await place.send(in_chunks(content), "part")
        assert caught.value.trouble is Trouble.FULL
        there = await place.size("part") or 0
        assert 0 < there < len(content)
        assert await whole(place, "web.1") == b"old"


async def test_a_link_is_no_file(kept: KeptUnderTest, tmp_path: Path) -> None:
    await asyncio.to_thread((tmp_path / "kept" / "link").symlink_to, tmp_path)
    async with kept.store.connect() as place:
        assert (await place.listing()).files == {}
        assert await place.size("link") is None
