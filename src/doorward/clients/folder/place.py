"""What can be done in a folder of this machine; what is done is on the disk."""

import errno
import os
import stat
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

from doorward.clients._names import check_names
from doorward.clients.folder.descriptors import Descriptor
from doorward.core.backup_store import (
    LISTED_FILES,
    Listing,
    StoredFile,
    StoreError,
    Trouble,
    is_plain_name,
)
from doorward.core.units import MIB

PIECE_BYTES = MIB
"""How much is read at once."""

_NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV})
"""What link(2) says on a file system without links, such as that of a USB stick."""

# What is no regular file is never opened, and could keep whoever opens it waiting.
_OPENED = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


class FolderPlace:
    """
    A `BackupPlace`: an open folder.

    Args:
        address: for errors.
        folder: its descriptor, which its maker closes.
    """

    def __init__(self, address: str, folder: Descriptor) -> None:
        self._address = address
        self._open_folder = folder
        self._folder = folder.number
        self._made: set[tuple[int, int]] = set()

    async def listing(self, is_wanted: Callable[[str], bool] | None = None) -> Listing:
        """See `BackupPlace`."""
        files, passed_over = await self._open_folder.call("read", self._scan)
        wanted = {name: file for name, file in files.items() if is_wanted is None or is_wanted(name)}
        return Listing(wanted, passed_over)

    def _scan(self) -> tuple[dict[str, StoredFile], tuple[str, ...]]:
        files: dict[str, StoredFile] = {}
        passed_over: list[str] = []
        with os.scandir(self._folder) as entries:
            for entry in entries:
                if len(files) + len(passed_over) >= LISTED_FILES:
                    problem = f"more than {LISTED_FILES} files are there"
                    raise self._error("read", problem, Trouble.PERMANENT, "Take a folder of its own.")
                name = os.fsencode(entry.name).decode("utf-8", "surrogateescape")
                if not entry.is_file(follow_symlinks=False):
                    continue
                if is_plain_name(name):
                    files[name] = StoredFile(name, entry.stat(follow_symlinks=False).st_size)
                else:
                    passed_over.append(name)
        return files, tuple(passed_over)

    async def size(self, name: str) -> int | None:
        """See `BackupPlace`."""
        check_names(self._address, name)
        return await self._open_folder.call("read", self._size, _path(name))

    def _size(self, path: bytes) -> int | None:
        facts = self._facts(path)
        return facts.st_size if facts is not None and stat.S_ISREG(facts.st_mode) else None

    def _facts(self, path: bytes) -> os.stat_result | None:
        try:
            return os.stat(path, dir_fd=self._folder, follow_symlinks=False)
        except FileNotFoundError:
            return None

    async def send(self, chunks: AsyncIterable[bytes], name: str, *, from_offset: int = 0) -> int:
        """See `BackupPlace`."""
        check_names(self._address, name)
        opener = partial(self._go_on, name, from_offset) if from_offset else partial(self._begin, name)
        sent_bytes = from_offset
        async with self._opened("send", opener) as file:
            async for chunk in chunks:
                await file.call("send", _write_all, file.number, chunk, at=sent_bytes)
                sent_bytes += len(chunk)
            size_bytes = await file.call("send", _on_disk, file.number)
        if size_bytes != sent_bytes:
            problem = f"{name} has {size_bytes} bytes, and {sent_bytes} were written"
            raise self._error("send", problem, Trouble.TEMPORARY)
        return sent_bytes

    async def sha256(self, name: str) -> str | None:
        """See `BackupPlace`; there is nobody else who could compute it."""
        check_names(self._address, name)
        return None

    async def read(self, name: str, *, from_offset: int = 0) -> AsyncGenerator[bytes, None]:
        """See `BackupPlace`; what is in memory of it is forgotten first, so that the disk is asked."""
        check_names(self._address, name)
        async with self._opened("read", partial(self._open, name, os.O_RDONLY)) as file:
            size_bytes = (await file.call("read", os.fstat, file.number)).st_size
            if from_offset > size_bytes:
                problem = f"{name} has {size_bytes} bytes, fewer than {from_offset}"
                raise self._error("read", problem, Trouble.PERMANENT)
            await file.call("read", _forget, file.number)
            at = from_offset
            while piece := await file.call("read", os.pread, file.number, PIECE_BYTES, at):
                at += len(piece)
                yield piece
            if at < size_bytes:
                raise self._error("read", f"{name} was cut meanwhile", Trouble.TEMPORARY)

    async def rename(self, partial: str, final: str) -> None:
        """See `BackupPlace`."""
        check_names(self._address, partial, final)
        try:
            await self._open_folder.call("send", self._rename, partial, final)
        except StoreError as error:
            if isinstance(error.__cause__, FileExistsError):
                problem = f"{final} is there already, and was left as it is"
                step = "Look what it is; take another name, or remove it."
                raise self._error("send", problem, Trouble.TAKEN, step) from error
            raise

    def _rename(self, partial_name: str, final_name: str) -> None:
        here, partial, final = self._folder, _path(partial_name), _path(final_name)
        if (facts := self._facts(partial)) is not None:
            self._check_own(partial_name, facts)
        try:
            os.link(partial, final, src_dir_fd=here, dst_dir_fd=here, follow_symlinks=False)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            # between the look and the renaming somebody else may still take it
            if self._facts(final) is not None:
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from error
            os.rename(partial, final, src_dir_fd=here, dst_dir_fd=here)
        else:
            os.unlink(partial, dir_fd=here)
        os.fsync(here)

    async def remove(self, name: str) -> bool:
        """See `BackupPlace`."""
        check_names(self._address, name)
        return await self._open_folder.call("send", self._remove, _path(name))

    def _remove(self, path: bytes) -> bool:
        try:
            os.unlink(path, dir_fd=self._folder)
        except FileNotFoundError:
            return False
        os.fsync(self._folder)
        return True

    @asynccontextmanager
    async def _opened(self, phase: str, opener: Callable[[], int]) -> AsyncIterator[Descriptor]:
        file = await self._open_folder.opened(phase, opener)
        try:
            yield file
        finally:
            file.close()

    def _begin(self, name: str) -> int:
        """Open a new file: one that has its name may be another user's, and be there to be written into."""
        if self._regular(name) is not None:
            self._clear(name)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        descriptor = os.open(_path(name), flags | _OPENED, 0o600, dir_fd=self._folder)
        self._made.add(_identity(os.fstat(descriptor)))
        return descriptor

    def _go_on(self, name: str, from_offset: int) -> int:
        descriptor = self._open(name, os.O_WRONLY)
        try:
            facts = os.fstat(descriptor)
            if facts.st_size != from_offset:
                problem = f"{name} has {facts.st_size} bytes by now, and not {from_offset}"
                raise self._error("send", problem, Trouble.TEMPORARY)
            self._check_own(name, facts)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    def _open(self, name: str, flags: int) -> int:
        if self._regular(name) is None:
            raise self._error("read", f"there is no file {name}", Trouble.PERMANENT)
        return os.open(_path(name), flags | _OPENED, dir_fd=self._folder)

    def _regular(self, name: str) -> os.stat_result | None:
        """What is known of a file; None where nothing has the name. Raises StoreError for what is none."""
        facts = self._facts(_path(name))
        if facts is not None and not stat.S_ISREG(facts.st_mode):
            raise self._error("read", f"{name} is no regular file", Trouble.PERMANENT)
        return facts

    def _check_own(self, name: str, facts: os.stat_result) -> None:
        """
        Remove what another user may write to, or has another name for it, so that it is begun anew.

        What was made by this place is its own, whatever a file system without owners says of it.

        Raises:
            StoreError: it was removed, or cannot be.
        """
        if _identity(facts) in self._made or is_own(facts):
            return
        self._clear(name)
        problem = f"{name} was not made by this user alone; it was removed"
        raise self._error("send", problem, Trouble.TEMPORARY, "Try again: it begins anew.")

    def _clear(self, name: str) -> None:
        try:
            os.unlink(_path(name), dir_fd=self._folder)
        except PermissionError as error:
            problem = f"something has the name {name}, and this user may not remove it"
            step = "Remove it, or take a folder that only this user may write to."
            raise self._error("send", problem, Trouble.PERMANENT, step) from error

    def _error(self, phase: str, problem: str, trouble: Trouble, step: str = "") -> StoreError:
        return StoreError(self._address, phase, problem, step, trouble=trouble)


def is_own(facts: os.stat_result) -> bool:
    """Whether nobody but this user may write to a file, be it by another name that it has."""
    return facts.st_uid == os.geteuid() and facts.st_nlink == 1 and not facts.st_mode & 0o022


def _identity(facts: os.stat_result) -> tuple[int, int]:
    return facts.st_dev, facts.st_ino


def _path(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


def _write_all(descriptor: int, chunk: bytes, *, at: int) -> None:
    rest = memoryview(chunk)
    while rest:
        written_bytes = os.pwrite(descriptor, rest, at)
        rest, at = rest[written_bytes:], at + written_bytes


def _on_disk(descriptor: int) -> int:
    """Have it written to the disk; gives how long it is."""
    os.fsync(descriptor)
    return os.fstat(descriptor).st_size


def _forget(descriptor: int) -> None:
    """What waits to be written stays in memory, so that is written first."""
    if hasattr(os, "posix_fadvise"):
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
