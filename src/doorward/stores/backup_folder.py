"""The folder in which backups are made: read as it is, with an eye on files that change meanwhile."""

import asyncio
import contextlib
import os
import stat
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from doorward.core.backup_source import Found
from doorward.core.backup_store import LISTED_FILES, is_plain_name
from doorward.core.backups import Backup, backup_of
from doorward.core.errors import BackupError
from doorward.stores.locks import try_lock, unlock

T = TypeVar("T")


class BackupFolder:
    """
    The `Source` at `path`.

    A link is followed to the folder, and none in it: what it leads to may be anything.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def path(self) -> str:
        """See `Source`."""
        return str(self._path)

    async def found(self, names: Collection[str]) -> Found:
        """See `Source`."""
        return await asyncio.to_thread(self._found, frozenset(names))

    async def has(self, name: str) -> bool:
        """See `Source`."""
        return await asyncio.to_thread(self._has, name)

    @asynccontextmanager
    async def open(self, backup: Backup) -> AsyncIterator["_OpenFile"]:
        """See `Source`."""
        path = self._path / backup.file
        opened = _OpenFile(await asyncio.to_thread(_opened, path, backup), path, backup)
        try:
            yield opened
        finally:
            await opened.close()

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """
        Keep every other run of this folder out, of whatever user and state, until this one is through.

        On a file system that has no such locks nobody is kept out.

        Raises:
            BackupError: there is another run, or there is no such folder.
        """
        descriptor = await asyncio.to_thread(_held, self._path)
        try:
            yield
        finally:
            unlock(descriptor)

    def _has(self, name: str) -> bool:
        try:
            os.lstat(self._path / name)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise _cannot(self._path, "looked at", error) from error
        return True

    def _found(self, names: frozenset[str]) -> Found:
        backups, passed_over = [], []
        try:
            with os.scandir(self._path) as entries:
                for count, entry in enumerate(entries):
                    if count >= LISTED_FILES:
                        raise BackupError(self.path, f"there are more than {LISTED_FILES} files in it")
                    known = backup_of(entry.name, 0)
                    if known is None or not (known.name in names if names else known.name[0] != "."):
                        continue
                    backup = _backup(entry) if is_plain_name(entry.name) else None
                    if backup is None:
                        passed_over.append(entry.name)
                    else:
                        backups.append(backup)
        except OSError as error:
            raise _cannot(self._path, "listed", error) from error
        return Found(tuple(backups), tuple(sorted(passed_over)))


class _OpenFile:
    """The `OpenBackup` of a descriptor, which nobody closes while a thread reads from it."""

    def __init__(self, descriptor: int, path: Path, backup: Backup) -> None:
        self._descriptor = descriptor
        self._path = path
        self._backup = backup
        self._reading: asyncio.Future[Any] | None = None
        self._buffer = bytearray()

    async def read(self, offset: int, most_bytes: int) -> bytes:
        """See `OpenBackup`; what the kernel has in memory takes no thread."""
        piece = self._read_at_once(offset, most_bytes)
        if piece:
            await asyncio.sleep(0)  # a whole file in memory would keep others on the loop waiting
            return piece
        piece = await self._in_thread(lambda: os.pread(self._descriptor, most_bytes, offset))
        if not piece:
            raise BackupError(str(self._path), "it became shorter while it was sent", "Try again.")
        return piece

    def _read_at_once(self, offset: int, most_bytes: int) -> bytes:
        if len(self._buffer) < most_bytes:
            self._buffer = bytearray(most_bytes)
        room = memoryview(self._buffer)
        try:
            size_bytes = os.preadv(self._descriptor, [room[:most_bytes]], offset, os.RWF_NOWAIT)
        except OSError:  # it would wait, or this file system cannot tell; whatever else it is, a read tells
            return b""
        return bytes(room[:size_bytes])

    async def check(self) -> None:
        """See `OpenBackup`."""
        await self._in_thread(lambda: _check(self._descriptor, self._path, self._backup))

    async def close(self) -> None:
        """Close it."""
        if self._reading is not None:
            # a number that is closed under a reader may be another file's by the time it reads
            await asyncio.wait({self._reading})
        os.close(self._descriptor)

    async def _in_thread(self, act: Callable[[], T]) -> T:
        work = asyncio.get_running_loop().run_in_executor(None, act)
        self._reading = work
        try:
            return await asyncio.shield(work)
        except OSError as error:
            raise _cannot(self._path, "read", error) from error


def _opened(path: Path, backup: Backup) -> int:
    try:
        # without waiting for a pipe that has this name
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            _check(descriptor, path, backup)
        except BaseException:
            os.close(descriptor)
            raise
    except OSError as error:
        raise _cannot(path, "read", error) from error
    return descriptor


def _check(descriptor: int, path: Path, backup: Backup) -> None:
    """Raise BackupError unless the open file is what was listed; OSError where it is gone."""
    opened, named = os.fstat(descriptor), os.lstat(path)
    if not stat.S_ISREG(opened.st_mode):
        raise BackupError(str(path), "it is no regular file")
    is_same = (opened.st_dev, opened.st_ino) == (named.st_dev, named.st_ino)
    if not is_same or (opened.st_size, opened.st_mtime_ns) != (backup.size_bytes, backup.changed_ns):
        problem = "it was written while it was sent, or between two looks at it"
        raise BackupError(str(path), problem, "Give backups their names once they are whole.")


def _held(folder: Path) -> int:
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise _cannot(folder, "used", error) from error
    # NFS wants a folder open for writing, which none can be
    with contextlib.suppress(OSError):
        if not try_lock(descriptor):
            os.close(descriptor)
            problem = "another run carries backups from here just now"
            raise BackupError(str(folder), problem, "Wait for its end, and try again.")
    return descriptor


def _backup(entry: "os.DirEntry[str]") -> Backup | None:
    """What a name stands for; None for what is no regular file."""
    try:
        facts = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(facts.st_mode):
        return None
    return backup_of(entry.name, facts.st_size, facts.st_mtime_ns)


def _cannot(path: Path, what: str, error: OSError) -> BackupError:
    said = error.strerror or str(error)
    step = "Is it mounted, and may this user read it?" if what != "read" else ""
    return BackupError(str(path), f"it cannot be {what}: {said[:1].lower()}{said[1:]}", step)
