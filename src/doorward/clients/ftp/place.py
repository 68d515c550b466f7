"""A folder at a server of FTP that keeps backups."""

from collections.abc import AsyncGenerator, AsyncIterable, Callable
from contextlib import suppress

from doorward.clients._names import check_names
from doorward.clients.ftp.conversation import CLOSING
from doorward.clients.ftp.digests import sha256_of
from doorward.clients.ftp.downloads import Download
from doorward.clients.ftp.listing import has_name, list_files
from doorward.clients.ftp.resuming import resume
from doorward.clients.ftp.session import ABSENT, Session
from doorward.clients.ftp.transfers import transferring
from doorward.clients.ftp.trouble import told
from doorward.clients.ftp.uploads import upload
from doorward.core.backup_store import MAKE_ROOM, Listing, StoreError, Trouble
from doorward.core.errors import ConnectError, NameTaken, PeerRefused, TransferIncomplete

_GIVEN_UP = frozenset({426, 451})


class FtpPlace:
    """
    A `BackupPlace`: a login, and the folder that is the current one.

    Args:
        session: with that folder; its maker closes it.
        folder: its whole path at the server.
        address: of the folder, for errors about names.
    """

    def __init__(self, session: Session, *, folder: str, address: str) -> None:
        self._session = session
        self._folder = folder
        self._address = address
        self._unsettled: set[str] = set()
        # by name, the length of what was sent whole
        self._whole: dict[str, int] = {}

    async def listing(self, is_wanted: Callable[[str], bool] | None = None) -> Listing:
        """See `BackupPlace`; what begins with a dot some servers do not list."""
        with told():
            return await list_files(self._session, self._folder, is_wanted)

    async def size(self, name: str) -> int | None:
        """See `BackupPlace`."""
        check_names(self._address, name)
        with told():
            if name not in self._unsettled:
                return await self._session.size(name)
            # the server may still be writing what came before the connection was lost
            size_bytes = await self._session.settled_size(name)
            self._unsettled.discard(name)
            return size_bytes

    async def send(self, chunks: AsyncIterable[bytes], name: str, *, from_offset: int = 0) -> int:
        """See `BackupPlace`; a file that cannot be gone on with is removed, to be begun anew."""
        check_names(self._address, name)
        with told():
            self._unsettled.add(name)
            self._whole.pop(name, None)
            try:
                size_bytes = await self._sent(chunks, name, from_offset)
            except TransferIncomplete as error:
                if error.was_called_good:
                    await self._forget(name)
                elif error.code in _GIVEN_UP and await self._has_no_more(name, from_offset):
                    problem = f"{error.problem}; no byte more is taken of it"
                    raise self._error(error.phase, problem, Trouble.FULL, MAKE_ROOM) from error
                raise
            self._unsettled.discard(name)
            self._whole[name] = size_bytes
            return size_bytes

    async def _sent(self, chunks: AsyncIterable[bytes], name: str, from_offset: int) -> int:
        if not from_offset:
            return await upload(self._session, name, chunks)
        if (had_bytes := await self._session.size(name)) != from_offset:
            has = "is not there" if had_bytes is None else f"has {had_bytes} bytes by now"
            raise self._error("send", f"{name} {has}, and not {from_offset} bytes", Trouble.TEMPORARY)
        return await resume(self._session, name, chunks, offset=from_offset)

    async def _has_no_more(self, name: str, from_offset: int) -> bool:
        """Whether nothing came to what was there: servers call a full disk anything but that."""
        with suppress(ConnectError):
            return from_offset > 0 and await self._session.settled_size(name) == from_offset
        return False

    async def _forget(self, name: str) -> None:
        """Remove what is not what was sent, or the next one would go on with it."""
        with suppress(ConnectError):
            await self._session.ask("DELE", name)

    async def sha256(self, name: str) -> str | None:
        """See `BackupPlace`."""
        check_names(self._address, name)
        with told():
            return await sha256_of(self._session, name)

    async def read(self, name: str, *, from_offset: int = 0) -> AsyncGenerator[bytes, None]:
        """See `BackupPlace`."""
        check_names(self._address, name)
        with told():
            size_bytes = await self._session.size(name)
            if size_bytes is None:
                raise self._error("read", f"there is no file {name}", Trouble.PERMANENT)
            if from_offset > size_bytes:
                problem = f"{name} has {size_bytes} bytes, fewer than {from_offset}"
                raise self._error("read", problem, Trouble.PERMANENT)
            if from_offset == size_bytes:
                return
            async with transferring(self._session, "RETR", name, offset=from_offset) as transfer:
                download = Download(
                    self._session,
                    name,
                    size=size_bytes,
                    modified_at=None,
                    offset=from_offset,
                    transfer=transfer,
                )
                async for chunk in download:
                    yield chunk

    async def rename(self, partial: str, final: str) -> None:
        """
        See `BackupPlace`; servers overwrite without a word, so that the name is looked for first.

        Where the connection is lost before the answer, sizes tell whether it was done.
        """
        check_names(self._address, partial, final)
        with told():
            size_bytes = self._whole.pop(partial, None)
            if size_bytes is None:
                size_bytes = await self._session.size(partial)
            is_there, found = await self._session.ask_all([("SIZE", final), ("RNFR", partial)])
            if self._session.size_of(is_there) is not None:
                if found.code == 350:
                    # ProFTPD does nothing but that from here on; onto its own name, it changes nothing
                    await self._session.ask("RNTO", partial)
                raise self._taken(final)
            if found.code != 350:
                raise self._session.teller.refusal("reply", "RNFR", found)
            await self._finish_renaming(partial, final, size_bytes=size_bytes)

    async def _finish_renaming(self, partial: str, final: str, *, size_bytes: int | None) -> None:
        try:
            await self._session.ask_for("RNTO", final)
        except PeerRefused as refused:
            # what a folder has no file can take
            if refused.code != CLOSING and await has_name(self._session, final):
                raise self._taken(final) from refused
            raise
        except ConnectError:
            if not await self._was_renamed(partial, final, size_bytes=size_bytes):
                raise

    async def _was_renamed(self, partial: str, final: str, *, size_bytes: int | None) -> bool:
        try:
            replies = await self._session.ask_all([("SIZE", partial), ("SIZE", final)])
        except ConnectError:
            return False
        left, there = map(self._session.size_of, replies)
        return left is None and there is not None and there == size_bytes

    async def remove(self, name: str) -> bool:
        """See `BackupPlace`."""
        check_names(self._address, name)
        with told():
            reply = await self._session.ask("DELE", name)
            if reply.is_good:
                return True
            refusal = self._session.teller.refusal("reply", "DELE", reply)
            if reply.code != ABSENT or await has_name(self._session, name):
                raise refusal
            return False

    def _taken(self, name: str) -> NameTaken:
        problem = f"{name} is there already, and was left as it is"
        step = "Look what it is; take another name, or remove it."
        return NameTaken(self._address, "reply", problem, step)

    def _error(self, phase: str, problem: str, trouble: Trouble, step: str = "") -> StoreError:
        return StoreError(self._address, phase, problem, step, trouble=trouble)
