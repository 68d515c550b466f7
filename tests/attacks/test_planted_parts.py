"""Another user of this machine puts a part there beforehand, to own the backup that is made of it."""

import asyncio
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from doorward.clients.folder.store import FolderStore
from doorward.core.backup_store import StoreError, Trouble
from doorward.testing.backup_store_contract import in_chunks, some_bytes

NOBODY = 65534
DATA = some_bytes(300_000)


def open_to_others(part: Path) -> None:
    part.chmod(0o666)


def with_another_name(part: Path) -> None:
    os.link(part, part.parent / "web.1 of another user")


def of_another_user(part: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a file to somebody else")
    os.chown(part, NOBODY, NOBODY)


Planting = Callable[[Path], None]
PLANTINGS = (open_to_others, with_another_name, of_another_user)


@pytest.fixture(params=PLANTINGS, ids=lambda planting: planting.__name__)
def plant(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[bytes], Path]:
    """Puts a part there that is not this user's alone."""
    planting: Planting = request.param

    def planted(content: bytes) -> Path:
        folder = tmp_path / "shared"
        folder.mkdir()
        folder.chmod(0o1777)
        part = folder / "part"
        part.write_bytes(content)
        part.chmod(0o600)
        planting(part)
        return part

    return planted


def is_of_this_user_alone(file: Path) -> bool:
    facts = file.stat()
    is_private = stat.S_IMODE(facts.st_mode) == 0o600
    return is_private and facts.st_uid == os.geteuid() and facts.st_nlink == 1


async def test_a_file_that_is_begun_is_a_new_one(plant: Callable[[bytes], Path]) -> None:
    part = await asyncio.to_thread(plant, b"")
    held = await asyncio.to_thread(os.open, part, os.O_RDONLY)
    try:
        async with FolderStore(part.parent).connect() as place:
            await place.send(in_chunks(DATA), "part")
            await place.rename("part", "web.1")
        assert await asyncio.to_thread(os.pread, held, 1, 0) == b""
    finally:
        await asyncio.to_thread(os.close, held)
    assert await asyncio.to_thread(is_of_this_user_alone, part.parent / "web.1")
    assert await asyncio.to_thread((part.parent / "web.1").read_bytes) == DATA


async def test_a_part_of_another_user_is_not_gone_on_with(plant: Callable[[bytes], Path]) -> None:
    part = await asyncio.to_thread(plant, DATA[:1000])
    async with FolderStore(part.parent).connect() as place:
        with pytest.raises(StoreError, match="not made by this user alone") as caught:
            await place.send(in_chunks(DATA[1000:]), "part", from_offset=1000)
        assert caught.value.trouble is Trouble.TEMPORARY
        assert await place.size("part") is None
        await place.send(in_chunks(DATA), "part")
    assert await asyncio.to_thread(is_of_this_user_alone, part)


async def test_a_whole_part_of_another_user_gets_no_name(plant: Callable[[bytes], Path]) -> None:
    part = await asyncio.to_thread(plant, DATA)
    async with FolderStore(part.parent).connect() as place:
        with pytest.raises(StoreError, match="not made by this user alone") as caught:
            await place.rename("part", "web.1")
        assert caught.value.trouble is Trouble.TEMPORARY
        assert await place.size("web.1") is None
        assert await place.size("part") is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
async def test_a_part_that_may_not_be_removed_is_told_and_not_written_into(tmp_path: Path) -> None:
    """Nobody but its owner removes a file of a folder such as /tmp."""
    shared = tmp_path / "shared"
    await asyncio.to_thread(shared.mkdir)
    await asyncio.to_thread(shared.chmod, 0o1777)
    await asyncio.to_thread((shared / "part").write_bytes, b"root's")
    await asyncio.to_thread((shared / "part").chmod, 0o666)
    async with FolderStore(shared).connect() as place:
        os.seteuid(NOBODY)
        try:
            for offset in (0, 6):
                with pytest.raises(StoreError, match="may not remove it") as caught:
                    await place.send(in_chunks(DATA), "part", from_offset=offset)
                assert caught.value.trouble is Trouble.PERMANENT
        finally:
            os.seteuid(0)
    assert await asyncio.to_thread((shared / "part").read_bytes) == b"root's"


async def test_what_is_made_there_is_taken_for_its_own_where_nobody_owns_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # as of a stick with FAT, or of a server of NFS that takes root for nobody
    monkeypatch.setattr("doorward.clients.folder.place.is_own", lambda _facts: False)
    async with FolderStore(tmp_path).connect() as place:
        await place.send(in_chunks(DATA[:1000]), "part")
        await place.send(in_chunks(DATA[1000:]), "part", from_offset=1000)
        await place.rename("part", "web.1")
    assert await asyncio.to_thread((tmp_path / "web.1").read_bytes) == DATA
