"""The folder in which backups are made, under the hands of whoever else writes there."""

import asyncio
import os
import threading
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from doorward.core.backups import Backup
from doorward.core.errors import BackupError
from doorward.stores.backup_folder import BackupFolder


@pytest.fixture
def folder(tmp_path: Path) -> BackupFolder:
    (tmp_path / "web.1").write_bytes(b"x" * 10_000)
    return BackupFolder(tmp_path)


async def only(folder: BackupFolder) -> Backup:
    (backup,) = (await folder.found(())).backups
    return backup


async def test_a_file_is_read_from_any_offset(folder: BackupFolder, tmp_path: Path) -> None:
    content = os.urandom(10_000)
    await asyncio.to_thread((tmp_path / "web.1").write_bytes, content)
    async with folder.open(await only(folder)) as opened:
        assert await opened.read(0, 4000) == content[:4000]
        assert await opened.read(9000, 4000) == content[9000:]
        assert await opened.read(10, 8000) == content[10:8010]
        await opened.check()
        with pytest.raises(BackupError, match="it became shorter"):
            await opened.read(10_000, 1)


def written_with_its_time_put_back(path: Path) -> None:
    before = path.stat()
    with path.open("r+b") as file:
        file.write(b"y")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("is_read", [True, False])
async def test_a_file_that_was_written_is_known_although_its_time_was_put_back(
    folder: BackupFolder, tmp_path: Path, *, is_read: bool
) -> None:
    async with folder.open(await only(folder)) as opened:
        if is_read:
            await opened.read(0, 100)
        await asyncio.to_thread(written_with_its_time_put_back, tmp_path / "web.1")
        with pytest.raises(BackupError, match="it was written while it was sent"):
            await opened.check()


def test_what_was_opened_too_late_for_anybody_is_closed(
    folder: BackupFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = asyncio.run(only(folder))
    really_open, goes_on = os.open, threading.Event()
    made: list[int] = []

    def late(*arguments: Any, **options: Any) -> int:
        goes_on.wait()
        made.append(really_open(*arguments, **options))
        return made[-1]

    async def cancelled(held: AbstractAsyncContextManager[object]) -> None:
        entering = asyncio.get_running_loop().create_task(held.__aenter__())
        await asyncio.sleep(0.05)
        entering.cancel()
        with pytest.raises(asyncio.CancelledError):
            await entering

    async def both() -> None:
        await cancelled(folder.held())
        await cancelled(folder.open(backup))
        goes_on.set()

    with monkeypatch.context() as patched:
        patched.setattr("os.open", late)
        asyncio.run(both())  # which waits for the threads
    assert len(made) == 2
    assert not any(map(is_open, made))


def is_open(descriptor: int) -> bool:
    return Path(f"/proc/self/fd/{descriptor}").is_symlink()
