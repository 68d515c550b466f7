"""Backups that come back, from a store that goes wrong where a test wants."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import pytest

from doorward.clients.folder.store import FolderStore
from doorward.core.backup_store import Trouble
from doorward.core.backups import Backup, backup_of
from doorward.errands.backups.pace import Pace
from doorward.errands.backups.patience import MOST_TRIES
from doorward.errands.backups.report import Did, Entry
from doorward.errands.backups.restoring import Restoring, chosen
from doorward.errands.backups.watching import Nobody
from doorward.testing.backup_store import MemoryPlace, MemoryStore
from tests.errands.backups.places import contents, quick_patience

SIZE_BYTES = 500_000


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore()
    store.files |= contents("web.15", size_bytes=SIZE_BYTES)
    return store


def backup(file: str, size_bytes: int = SIZE_BYTES) -> Backup:
    found = backup_of(file, size_bytes)
    assert found is not None
    return found


def restored(store: MemoryStore, into: Path, *, size_bytes: int = SIZE_BYTES, retries: int = 3) -> Entry:
    async def restore() -> Entry:
        restoring = Restoring(
            pace=Pace(0, monotonic=lambda: 0.0), watcher=Nobody(), patience=quick_patience(retries)
        )
        async with store.connect() as there, FolderStore(into).connect() as here:
            return await restoring.restore(there, backup("web.15", size_bytes), here)

    return asyncio.run(restore())


def found(folder: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in folder.iterdir()}


@pytest.mark.parametrize(
    ("computes", "reason"), [(False, "its size is right"), (True, "its SHA-256 is right")]
)
def test_a_backup_comes_back_whole_and_compared(
    store: MemoryStore, tmp_path: Path, *, computes: bool, reason: str
) -> None:
    store.computes_sha256 = computes
    assert restored(store, tmp_path) == Entry(Did.RESTORED, "web.15", SIZE_BYTES, reason)
    assert found(tmp_path) == contents("web.15", size_bytes=SIZE_BYTES)


def test_what_is_here_is_left_as_it_is(store: MemoryStore, tmp_path: Path) -> None:
    (tmp_path / "web.15").write_bytes(b"mine")
    entry = restored(store, tmp_path)
    assert (entry.did, entry.reason) == (Did.FAILED, "it is here already, and was left as it is")
    assert found(tmp_path) == {"web.15": b"mine"}
    assert not any(method == "read" for method, _ in store.asked)


def _reads_that_break_off(store: MemoryStore, times: int) -> Callable[[str, str], None]:
    count = 0

    def lose(method: str, _name: str) -> None:
        nonlocal count
        if method == "read" and count < times:
            count += 1
            raise store.error("read", "the connection was lost", Trouble.TEMPORARY)

    return lose


def test_what_breaks_off_is_tried_again_and_leaves_nothing_when_it_fails(
    store: MemoryStore, tmp_path: Path
) -> None:
    # at its end, when all of it came
    store.after = _reads_that_break_off(store, 2)
    assert restored(store, tmp_path).did is Did.RESTORED
    (tmp_path / "web.15").unlink()
    store.before = _reads_that_break_off(store, 99)
    entry = restored(store, tmp_path)
    assert (entry.did, entry.reason) == (Did.FAILED, "the connection was lost")
    assert found(tmp_path) == {}


def test_a_file_that_is_shorter_or_another_by_then_does_not_get_its_name(
    store: MemoryStore, tmp_path: Path
) -> None:
    entry = restored(store, tmp_path, size_bytes=SIZE_BYTES + 1)
    reason = "500000 bytes came of the 500001 that it has by the list. Did it change there?"
    assert (entry.did, entry.reason) == (Did.FAILED, reason)
    assert found(tmp_path) == {}
    store.computes_sha256 = True

    def spoil(method: str, name: str) -> None:
        if method == "sha256":
            store.files[name] = store.files[name].upper()

    store.before = spoil
    entry = restored(store, tmp_path)
    assert (entry.did, entry.reason) == (Did.FAILED, "it has another SHA-256 there")
    assert found(tmp_path) == {}


def test_an_empty_backup_comes_back_too(store: MemoryStore, tmp_path: Path) -> None:
    store.files["web.15"] = b""
    assert restored(store, tmp_path, size_bytes=0).did is Did.RESTORED
    assert found(tmp_path) == {"web.15": b""}


def test_no_room_here_is_told_and_leaves_room(store: MemoryStore, small_disk: Path) -> None:
    entry = restored(store, small_disk)
    assert (entry.did, entry.reason) == (Did.FAILED, "no space left on device. Make room there.")
    assert found(small_disk) == {}


def test_which_backup_is_meant() -> None:
    there = [backup(file) for file in ("web.9", "web.17", "web.17.3", "web.100")]
    meant = {
        word: getattr(chosen(there, word), "file", None) for word in ("web", "web.9", "web.17", "web.1", "we")
    }
    assert meant == {"web": "web.100", "web.9": "web.9", "web.17": "web.17", "web.1": None, "we": None}


@pytest.mark.parametrize(
    ("came", "problem"),
    [
        (SIZE_BYTES + 200_000, "more than the 500000 bytes come that it has by the list"),
        (SIZE_BYTES - 1, "499999 bytes came of the 500000 that it has by the list"),
    ],
)
def test_what_is_not_as_long_as_the_list_says_does_not_come_back(
    store: MemoryStore, tmp_path: Path, came: int, problem: str
) -> None:
    store.files["web.15"] = b"x" * came
    entry = restored(store, tmp_path)
    assert (entry.did, entry.reason) == (Did.FAILED, f"{problem}. Did it change there?")
    assert found(tmp_path) == {}


def test_what_gets_further_by_a_byte_a_try_is_given_up_some_time(store: MemoryStore, tmp_path: Path) -> None:
    store.files["web.15"] = b"x" * SIZE_BYTES
    reads = 0

    async def drip(place: MemoryPlace, name: str, *, from_offset: int = 0) -> AsyncGenerator[bytes, None]:
        nonlocal reads
        reads += 1
        yield b"x"
        raise store.error("read", "426 broken off", Trouble.TEMPORARY)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(MemoryPlace, "read", drip)
        entry = restored(store, tmp_path)
    assert (entry.did, reads) == (Did.FAILED, MOST_TRIES)
    assert found(tmp_path) == {}
