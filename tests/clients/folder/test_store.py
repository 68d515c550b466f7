"""A folder of this machine passes the suite of stores; without its disk it is not taken for an empty one."""

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from doorward.clients.folder.descriptors import Descriptor
from doorward.clients.folder.mounting import mount_points
from doorward.clients.folder.place import FolderPlace
from doorward.clients.folder.store import FolderStore
from doorward.core.backup_store import StoreError, Trouble
from doorward.testing.backup_store_contract import (
    BackupStoreContract,
    KeptUnderTest,
    in_chunks,
    some_bytes,
    whole,
)
from tests.clients.folders import kept_in


class TestFolderStore(BackupStoreContract):
    @pytest.fixture
    def kept(self, tmp_path: Path) -> KeptUnderTest:
        (tmp_path / "kept").mkdir()
        return kept_in(
            tmp_path / "kept",
            store=FolderStore(tmp_path / "kept"),
            without_folder=FolderStore(tmp_path / "missing"),
        )


async def refusal(store: FolderStore) -> StoreError:
    with pytest.raises(StoreError) as caught:
        async with store.connect():
            pytest.fail("it was entered")
    assert caught.value.trouble is Trouble.PERMANENT
    return caught.value


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """Where a disk is to be mounted, and is not; `fstab` beside it says so."""
    folder = tmp_path / "a disk"
    (folder / "web").mkdir(parents=True)
    lines = ["# <file system>", f"LABEL=x {tmp_path}/a\\040disk ext4 noauto 0 2", "UUID=y none swap sw 0 0"]
    (tmp_path / "fstab").write_text("\n".join(lines))
    return folder


async def test_where_the_table_of_file_systems_wants_a_disk_an_empty_folder_is_none(disk: Path) -> None:
    fstab = disk.parent / "fstab"
    for store in (FolderStore(disk, fstab=fstab), FolderStore(disk / "web", fstab=fstab)):
        assert f"nothing is mounted at {disk}" in str(await refusal(store))
        with pytest.raises(StoreError):
            await store.make_folder()
    async with FolderStore(disk / "web", fstab=disk / "none").connect() as place:
        assert (await place.listing()).files == {}


async def test_where_a_keeper_wants_a_disk_there_has_to_be_one(tmp_path: Path) -> None:
    assert "nothing is mounted" in str(await refusal(FolderStore(tmp_path, mount_point=tmp_path)))
    assert "not below" in str(await refusal(FolderStore(tmp_path, mount_point=Path("/proc"))))
    async with FolderStore(tmp_path, mount_point=Path("/")).connect():
        pass


def test_the_table_of_this_machine_can_be_read() -> None:
    assert all(path.is_absolute() for path in mount_points(Path("/etc/fstab")))
    assert mount_points(Path("/nonexistent")) == frozenset()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with what is no file of ours, and two that are."""
    made = tmp_path / "kept"
    made.mkdir()
    (tmp_path / "secret").write_bytes(b"secret")
    (made / "link").symlink_to(tmp_path / "secret")
    os.mkfifo(made / "pipe")
    (made / "web.1\x1b[2J").write_bytes(b"x")
    (made / "web.1").write_bytes(b"old")
    (made / "part").write_bytes(some_bytes(3_000_000))
    (made / "part").chmod(0o600)
    return made


async def test_a_link_is_no_file_and_nothing_is_written_through_one(folder: Path) -> None:
    async with FolderStore(folder).connect() as place:
        assert set((await place.listing()).files) == {"web.1", "part"}
        for name in ("link", "pipe"):
            assert await place.size(name) is None
            with pytest.raises(StoreError, match="no regular file"):
                await place.send(in_chunks(b"x"), name)
            with pytest.raises(StoreError, match="no regular file"):
                await whole(place, name)
    assert await asyncio.to_thread((folder.parent / "secret").read_bytes) == b"secret"


async def test_names_that_could_deceive_a_terminal_are_passed_over_and_told(folder: Path) -> None:
    async with FolderStore(folder).connect() as place:
        assert (await place.listing()).passed_over == ("web.1\x1b[2J",)


async def test_without_links_a_file_gets_its_name_all_the_same(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object, **_kwargs: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)  # as of a stick with FAT
    async with FolderStore(folder).connect() as place:
        with pytest.raises(StoreError) as caught:
            await place.rename("part", "web.1")
        assert caught.value.trouble is Trouble.TAKEN
        await place.rename("part", "web.2")
        assert {name: file.size_bytes for name, file in (await place.listing()).files.items()} == {
            "web.1": 3,
            "web.2": 3_000_000,
        }


async def test_a_full_disk_is_told_and_what_is_there_stays(small_disk: Path) -> None:
    content = some_bytes(1_000_000)
    async with FolderStore(small_disk).connect() as place:
        await place.send(in_chunks(b"old"), "web.1")
        with pytest.raises(StoreError) as caught:
            await place.send(in_chunks(content), "part")
        assert caught.value.trouble is Trouble.FULL
        there = await place.size("part") or 0
        assert 0 < there < len(content)
        assert await whole(place, "part") == content[:there]
        assert await whole(place, "web.1") == b"old"


async def test_a_file_that_is_cut_while_it_is_read_is_an_error(folder: Path) -> None:
    async def read_and_cut(place: FolderPlace) -> None:
        async for _ in place.read("part"):
            await asyncio.to_thread(os.truncate, folder / "part", 1000)

    async with FolderStore(folder).connect() as place:
        with pytest.raises(StoreError, match="cut"):
            await read_and_cut(place)


async def test_a_descriptor_is_not_closed_while_a_thread_works_with_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever was cancelled leaves a thread behind, which would write to whatever has the number then."""
    begun, go_on, closed = threading.Event(), threading.Event(), asyncio.Event()
    close = os.close
    descriptor = Descriptor(await asyncio.to_thread(os.open, folder, os.O_RDONLY), "file:///kept")

    def work() -> os.stat_result:
        begun.set()
        assert go_on.wait(30)
        return os.fstat(descriptor.number)

    def close_and_tell(number: int) -> None:
        close(number)
        if number == descriptor.number:
            closed.set()

    monkeypatch.setattr(os, "close", close_and_tell)
    call = asyncio.get_running_loop().create_task(descriptor.call("send", work))
    await asyncio.to_thread(begun.wait, 30)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    descriptor.close()
    assert not closed.is_set()
    go_on.set()
    async with asyncio.timeout(30):
        await closed.wait()


async def cancelled_while_it_opens(
    opening: Callable[[], Coroutine[None, None, object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cancel `opening` while a thread of it stands in os.open, as below a mount that hangs."""
    begun, go_on, opened, closed = threading.Event(), threading.Event(), list[int](), threading.Event()
    really_open, really_close = os.open, os.close

    def slow(*args: Any, **kwargs: Any) -> int:
        begun.set()
        assert go_on.wait(30)
        opened.append(really_open(*args, **kwargs))
        return opened[0]

    def close(number: int) -> None:
        really_close(number)
        if opened and number == opened[0]:
            closed.set()

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", slow)
        patched.setattr(os, "close", close)
        task = asyncio.get_running_loop().create_task(opening())
        await asyncio.to_thread(begun.wait, 30)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        go_on.set()
        assert await asyncio.to_thread(closed.wait, 30)


async def test_whoever_is_cancelled_while_a_folder_or_a_file_opens_leaves_nothing_open(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def enter() -> None:
        async with FolderStore(folder).connect():
            pytest.fail("it was entered")

    await cancelled_while_it_opens(enter, monkeypatch)
    async with FolderStore(folder).connect() as place:
        await cancelled_while_it_opens(lambda: whole(place, "part"), monkeypatch)
        await cancelled_while_it_opens(lambda: place.send(in_chunks(b"x"), "new"), monkeypatch)
        assert len(await whole(place, "part")) == 3_000_000
