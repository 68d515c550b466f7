"""The folder in which backups are made: read as it is, with an eye on files that change meanwhile."""

import asyncio
import contextlib
import os
import stat
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from doorward.core.backup_source import Found
from doorward.core.backup_store import LISTED_FILES, is_plain_name
from doorward.core.backups import Backup, backup_of, name_before_number
from doorward.core.errors import BackupError
from doorward.stores.locks import try_lock, unlock

T = TypeVar("T")

_LOOK_SECONDS = 1.0
"""How often somebody who waits for a folder looks whether it is free."""


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
        opened = await _made_in_thread(lambda: _opened(path, backup), _OpenFile.let_go)
        try:
            yield opened
        finally:
            await opened.close()

    @asynccontextmanager
    async def held(
        self, *, within_seconds: float = 0.0, on_wait: Callable[[], object] = lambda: None
    ) -> AsyncIterator[None]:
        """
        Keep every other run of this folder out, of whatever user and state, until this one is through.

        On a file system that has no such locks nobody is kept out.

        Args:
            within_seconds: how long another run is waited for.
            on_wait: called once, before that.

        Raises:
            BackupError: there is still another run, or there is no such folder.
        """
        descriptor = await _made_in_thread(lambda: _opened_folder(self._path), os.close)
        try:
            await self._hold(descriptor, within_seconds, on_wait)
            yield
        finally:
            unlock(descriptor)

    async def _hold(self, descriptor: int, within_seconds: float, on_wait: Callable[[], object]) -> None:
        monotonic = asyncio.get_running_loop().time
        ends_at = monotonic() + within_seconds
        has_told = False
        # NFS wants a folder open for writing, which none can be
        with contextlib.suppress(OSError):
            while not try_lock(descriptor):
                if monotonic() >= ends_at:
                    problem, step = "another run carries backups from here just now", "`lslocks` tells which."
                    raise BackupError(self.path, problem, f"Wait for its end, and try again; {step}")
                if not has_told:
                    has_told = True
                    on_wait()
                await asyncio.sleep(_LOOK_SECONDS)

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
                    name = name_before_number(entry.name)
                    if name is None or not (name in names if names else name[0] != "."):
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

    def __init__(self, descriptor: int, path: Path, backup: Backup, *, status_changed_ns: int) -> None:
        self._descriptor = descriptor
        self._path = path
        self._backup = backup
        # which nobody can set, while the time of the last writing is whatever somebody says
        self._status_changed_ns = status_changed_ns
        self._reading: asyncio.Future[Any] | None = None
        self._buffer = bytearray()
        self._is_prompt = False

    async def read(self, offset: int, most_bytes: int) -> bytes:
        """See `OpenBackup`; what the kernel has in memory takes no thread."""
        piece = self._read_at_once(offset, most_bytes)
        self._is_prompt = bool(piece)
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
        if self._is_prompt:
            # on a local file system, whose facts of an open file are in memory too
            with _told(self._path):
                self._check()
        else:
            await self._in_thread(self._check)

    def _check(self) -> None:
        changed_ns = _checked(self._descriptor, self._path, self._backup).st_ctime_ns
        if changed_ns != self._status_changed_ns:
            raise _written(self._path)

    async def close(self) -> None:
        """Close it."""
        if self._reading is not None:
            # a number that is closed under a reader may be another file's by the time it reads
            await asyncio.wait({self._reading})
        self.let_go()

    def let_go(self) -> None:
        """Close it, while nobody reads."""
        os.close(self._descriptor)

    async def _in_thread(self, act: Callable[[], T]) -> T:
        work = asyncio.get_running_loop().run_in_executor(None, act)
        self._reading = work
        with _told(self._path):
            return await asyncio.shield(work)


async def _made_in_thread(make: Callable[[], T], let_go: Callable[[T], object]) -> T:
    """What `make` gives in a thread; should nobody be left by then to take it, `let_go` has it."""
    making = asyncio.get_running_loop().run_in_executor(None, make)

    def let_go_late(made: "asyncio.Future[T]") -> None:
        if not made.cancelled() and made.exception() is None:
            let_go(made.result())

    try:
        return await asyncio.shield(making)
    except asyncio.CancelledError:
        making.add_done_callback(let_go_late)
        raise


def _opened(path: Path, backup: Backup) -> _OpenFile:
    with _told(path):
        # without waiting for a pipe that has this name
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            changed_ns = _checked(descriptor, path, backup).st_ctime_ns
        except BaseException:
            os.close(descriptor)
            raise
        return _OpenFile(descriptor, path, backup, status_changed_ns=changed_ns)


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _cannot(path, "read", error) from error


def _checked(descriptor: int, path: Path, backup: Backup) -> os.stat_result:
    """The facts of an open file; raises BackupError if it is not what was listed, OSError if it is gone."""
    opened, named = os.fstat(descriptor), os.lstat(path)
    if not stat.S_ISREG(opened.st_mode):
        raise BackupError(str(path), "it is no regular file")
    is_same = (opened.st_dev, opened.st_ino) == (named.st_dev, named.st_ino)
    if not is_same or (opened.st_size, opened.st_mtime_ns) != (backup.size_bytes, backup.changed_ns):
        raise _written(path)
    return opened


def _written(path: Path) -> BackupError:
    problem = "it was written while it was sent, or between two looks at it"
    return BackupError(str(path), problem, "Give backups their names once they are whole.")


def _opened_folder(folder: Path) -> int:
    try:
        return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise _cannot(folder, "used", error) from error


def _backup(entry: "os.DirEntry[str]") -> Backup | None:
    """What a name stands for; None for what is no regular file, or has too long a number."""
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
