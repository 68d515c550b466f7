"""A folder at a server of SSH that keeps backups."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from functools import partial

import asyncssh
from asyncssh import FXF_CREAT, FXF_READ, FXF_TRUNC, FXF_WRITE

from doorward.clients._names import check_names
from doorward.clients.ssh.sftp.link import Link
from doorward.clients.ssh.sftp.telling import is_of_the_connection
from doorward.clients.ssh.sftp.transfers import PIECE_BYTES, read_all, write_all
from doorward.core.backup_store import (
    LISTED_FILES,
    LISTING_SECONDS,
    MAKE_ROOM,
    NAME_BYTES,
    Listing,
    StoredFile,
    StoreError,
    Trouble,
    is_plain_name,
)
from doorward.core.units import MIB

MODE = 0o600
"""Of files that are made; whoever keeps them there may open them to others."""

_Entry = tuple[bytes, asyncssh.SFTPAttrs]

_ROOM_BYTES = MIB
"""Less than that, and a disk counts as full."""


class SftpPlace:
    """
    A `BackupPlace`: a login, and a folder.

    Args:
        link: the login; its maker closes it.
        folder: the path of the folder there.
        most_under_way: how many bytes may be asked for or sent and not answered; asked each time.
    """

    def __init__(self, link: Link, folder: bytes, *, most_under_way: Callable[[], int]) -> None:
        self._link = link
        self._folder = folder
        self._most_under_way = most_under_way
        # by name, up to where what was sent is surely there
        self._unsettled: dict[str, int] = {}
        # by name, the length of what was sent whole
        self._whole: dict[str, int] = {}

    async def listing(self, is_wanted: Callable[[str], bool] | None = None) -> Listing:
        """See `BackupPlace`."""
        problem = f"the list is not whole after {LISTING_SECONDS:g} s"
        with self._link.cut_after(LISTING_SECONDS, "read", problem):
            async with aclosing(self._entries()) as entries:
                return await self._listing(entries, is_wanted)

    async def _listing(
        self, entries: AsyncIterator[_Entry], is_wanted: Callable[[str], bool] | None
    ) -> Listing:
        files: dict[str, StoredFile] = {}
        passed_over: list[str] = []
        seen = 0
        async for path, attributes in entries:
            seen += 1
            if seen > LISTED_FILES:
                problem = f"more than {LISTED_FILES} files are there"
                raise self._error("read", problem, Trouble.PERMANENT, "Take a folder of its own.")
            name = path.decode("utf-8", "surrogateescape")
            if (size_bytes := _file_size(attributes)) is None:
                continue
            if not is_plain_name(name):
                passed_over.append(name[:NAME_BYTES])
            elif is_wanted is None or is_wanted(name):
                files[name] = StoredFile(name, size_bytes)
        return Listing(files, tuple(passed_over))

    async def _entries(self) -> AsyncGenerator[_Entry, None]:
        problem = f"no answer within {self._link.reply_seconds:g} s"
        sftp = await self._link.sftp()
        async with aclosing(sftp.scandir(self._folder)) as entries:  # type: ignore[type-var]
            while True:
                try:
                    with (
                        self._link.cut_after(self._link.reply_seconds, "read", problem),
                        self._link.told("read"),
                    ):
                        entry = await anext(entries)
                except StopAsyncIteration:
                    return
                yield _bytes(entry.filename), entry.attrs

    async def size(self, name: str) -> int | None:
        """See `BackupPlace`; of what broke off, only so much is left as has no hole in it."""
        if name in self._unsettled:
            await self._settle(name)
        return await self._size(name)

    async def _size(self, name: str) -> int | None:
        attributes = await self._attributes(name)
        return None if attributes is None else _file_size(attributes)

    async def _settle(self, name: str) -> None:
        """
        Cut off what is behind a request that failed, or may have: nobody would see the hole there.

        A server that cuts no file has it removed, to be begun anew. Raises StoreError.
        """
        whole_to = self._unsettled[name]

        async def cut(sftp: asyncssh.SFTPClient) -> None:
            try:
                await sftp.truncate(self._path(name), whole_to)
            except asyncssh.SFTPError as error:
                if is_of_the_connection(error):
                    raise
                await sftp.remove(self._path(name))

        if (await self._size(name) or 0) > whole_to:
            await self._link.ask("send", cut)
        del self._unsettled[name]

    async def _attributes(self, name: str) -> asyncssh.SFTPAttrs | None:
        check_names(self._link.address, name)

        async def look(sftp: asyncssh.SFTPClient) -> asyncssh.SFTPAttrs | None:
            try:
                return await sftp.lstat(self._path(name))
            except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
                return None

        return await self._link.ask("read", look)

    async def send(self, chunks: AsyncIterable[bytes], name: str, *, from_offset: int = 0) -> int:
        """See `BackupPlace`; it is on the disk where the server lets itself be asked to."""
        check_names(self._link.address, name)
        try:
            return await self._send(chunks, name, from_offset)
        except StoreError as error:
            if self._link.is_alive and name in self._unsettled:
                # nobody may come to ask for its size in this run
                with contextlib.suppress(StoreError):
                    await self._settle(name)
            if type(error.__cause__) is asyncssh.SFTPFailure and await self._is_full():
                raise self._error("send", "the disk is full", Trouble.FULL, MAKE_ROOM) from error
            raise

    async def _send(self, chunks: AsyncIterable[bytes], name: str, from_offset: int) -> int:
        flags = FXF_WRITE if from_offset else FXF_WRITE | FXF_CREAT | FXF_TRUNC
        async with self._opened(name, flags, phase="send") as (file, piece_bytes):
            if from_offset and (had_bytes := await self._size_of(file)) != from_offset:
                problem = f"{name} has {had_bytes} bytes by now, and not {from_offset}"
                raise self._error("send", problem, Trouble.TEMPORARY)
            self._unsettled[name] = from_offset
            self._whole.pop(name, None)
            sent_bytes = await write_all(
                self._link,
                file,
                chunks,
                at=from_offset,
                piece_bytes=piece_bytes,
                most_under_way=self._most_under_way,
                written=partial(self._unsettled.__setitem__, name),
            )
            with self._link.told("send"):
                # a server answers what concerns one file in the order in which it is asked
                ends = asyncio.gather(_to_disk(file), self._size_of(file), file.close())
                _, size_bytes, _ = await self._link.in_time(ends)
        if size_bytes != sent_bytes:
            problem = f"{name} has {size_bytes} bytes, and {sent_bytes} were sent"
            raise self._error("send", problem, Trouble.TEMPORARY)
        del self._unsettled[name]
        self._whole[name] = sent_bytes
        return sent_bytes

    async def _size_of(self, file: asyncssh.SFTPClientFile) -> int | None:
        with self._link.told("send"):
            return _file_size(await self._link.in_time(file.stat()))

    async def _is_full(self) -> bool:
        """What version 3 of the protocol has no word for."""
        try:
            room = await self._link.ask("send", lambda sftp: sftp.statvfs(self._folder))
        except StoreError:
            return False
        return room.bavail * room.frsize < _ROOM_BYTES

    async def sha256(self, name: str) -> str | None:
        """See `BackupPlace`; OpenSSH computes none."""
        check_names(self._link.address, name)
        return None

    async def read(self, name: str, *, from_offset: int = 0) -> AsyncGenerator[bytes, None]:
        """See `BackupPlace`."""
        check_names(self._link.address, name)
        async with self._opened(name, FXF_READ, phase="read") as (file, piece_bytes):
            size_bytes = await self._size_of(file)
            if size_bytes is None or from_offset > size_bytes:
                has = "is no regular file" if size_bytes is None else f"has {size_bytes} bytes, fewer"
                raise self._error("read", f"{name} {has}", Trouble.PERMANENT)
            at = from_offset
            pieces = read_all(
                self._link,
                file,
                at=at,
                ends_at=size_bytes,
                piece_bytes=piece_bytes,
                most_under_way=self._most_under_way,
            )
            async with aclosing(pieces):
                async for piece in pieces:
                    at += len(piece)
                    yield piece
            if at < size_bytes:
                raise self._error("read", f"{name} was cut meanwhile", Trouble.TEMPORARY)

    async def rename(self, partial: str, final: str) -> None:
        """
        See `BackupPlace`; OpenSSH refuses to overwrite, others may not, so that the name is looked for first.

        Where the connection is lost before the answer, sizes tell whether it was done.
        """
        check_names(self._link.address, partial, final)
        if await self._attributes(final) is not None:
            raise self._taken(final)
        size_bytes = self._whole.pop(partial, None)
        if size_bytes is None:
            size_bytes = await self.size(partial)
        try:
            # not posix_rename, which overwrites
            await self._link.ask("send", lambda sftp: sftp.rename(self._path(partial), self._path(final)))
        except StoreError as error:
            if isinstance(error.__cause__, asyncssh.SFTPNoSuchFile) or size_bytes is None:
                raise
            if error.trouble is Trouble.TEMPORARY and await self._was_renamed(partial, final, size_bytes):
                return
            if await self._attributes(final) is not None:
                raise self._taken(final) from error
            raise

    async def _was_renamed(self, partial: str, final: str, size_bytes: int) -> bool:
        try:
            return await self.size(partial) is None and await self.size(final) == size_bytes
        except StoreError:
            return False

    async def remove(self, name: str) -> bool:
        """See `BackupPlace`."""
        check_names(self._link.address, name)

        async def remove(sftp: asyncssh.SFTPClient) -> bool:
            try:
                await sftp.remove(self._path(name))
            except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
                return False
            return True

        return await self._link.ask("send", remove)

    @asynccontextmanager
    async def _opened(
        self, name: str, flags: int, *, phase: str
    ) -> AsyncIterator[tuple[asyncssh.SFTPClientFile, int]]:
        """Yield a file, and how many of its bytes fit into one request."""
        mode = asyncssh.SFTPAttrs(permissions=MODE) if flags & FXF_CREAT else asyncssh.SFTPAttrs()
        sftp = await self._link.sftp()
        with self._link.told(phase):
            # with no blocks of its own a request is one question: given up, it leaves no task of the library
            # behind that fails with nobody to hear it
            opening = sftp.open(self._path(name), flags, mode, encoding=None, block_size=0)
            file = await self._link.in_time(opening)
        limits = sftp.limits
        most = limits.max_write_len if flags & FXF_WRITE else limits.max_read_len
        try:
            yield file, min(PIECE_BYTES, most or PIECE_BYTES)
        except BaseException:
            # one that was lost with its connection cannot be closed, nor has to be
            with contextlib.suppress(asyncssh.Error, OSError):
                await self._link.in_time(file.close())
            raise
        with self._link.told(phase):
            await self._link.in_time(file.close())

    def _path(self, name: str) -> bytes:
        return self._folder + b"/" + name.encode("utf-8", "surrogateescape")

    def _taken(self, name: str) -> StoreError:
        problem = f"{name} is there already, and was left as it is"
        return self._error(
            "send", problem, Trouble.TAKEN, "Look what it is; take another name, or remove it."
        )

    def _error(self, phase: str, problem: str, trouble: Trouble, step: str = "") -> StoreError:
        return StoreError(self._link.address, phase, problem, step, trouble=trouble)


async def _to_disk(file: asyncssh.SFTPClientFile) -> None:
    with contextlib.suppress(asyncssh.SFTPOpUnsupported):
        await file.fsync()


def _file_size(attributes: asyncssh.SFTPAttrs) -> int | None:
    """The bytes of a regular file; None of anything else."""
    return attributes.size if attributes.type == asyncssh.FILEXFER_TYPE_REGULAR else None


def _bytes(name: bytes | str) -> bytes:
    return name if isinstance(name, bytes) else name.encode("utf-8", "surrogateescape")
