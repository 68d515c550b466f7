"""What a caller has of a server of FTP: files that come and go, and the names they have."""

from collections.abc import AsyncIterable, AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime

from doorward.clients.ftp.downloads import Download, downloading, list_names
from doorward.clients.ftp.session import Session
from doorward.clients.ftp.settings import FtpServer
from doorward.clients.ftp.uploads import rename, upload


class FtpClient:
    """
    A server that somebody is logged in at; `logged_in` gives it. One thing at a time.

    Paths are the server's, with `/` between folders. Whatever takes one refuses, before anything is sent, CR,
    LF, NUL and the byte 255 in it, with a ConnectError.

    A control connection that was lost while nothing was under way is made anew, in the same folder. One that
    is lost at the end of a transfer is made anew too, and the size decides.

    All may raise ConnectError: the server could not be reached, understood or waited for. Its subclass
    PeerRefused has the server's code, TransferIncomplete how much was moved.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._is_busy = False

    async def current_folder(self) -> str:
        """The path of the current folder."""
        with self._turn():
            return await self._session.current_folder()

    async def change_folder(self, path: str) -> str:
        """Make `path` the current folder and give its whole path; raises PeerRefused where there is none."""
        with self._turn():
            return await self._session.change_folder(path)

    async def make_folder(self, path: str) -> None:
        """Make a folder; raises PeerRefused where something has its name or it may not be made."""
        with self._turn():
            await self._session.ask_for("MKD", path)

    async def names(self) -> list[str]:
        """
        The names of files and folders in the current folder, in the server's order, without `.` and `..`.

        Raises:
            PeerRefused: it may not be listed; some servers say so of an empty one.
            TransferIncomplete: the list did not come whole.
        """
        with self._turn():
            return await list_names(self._session)

    async def size(self, path: str) -> int | None:
        """The bytes of a file; None when there is no such file that this user may see."""
        with self._turn():
            return await self._session.size(path)

    async def modified_at(self, path: str) -> datetime | None:
        """When a file was changed last, in UTC; None when that is not told."""
        with self._turn():
            return await self._session.modified_at(path)

    @asynccontextmanager
    async def download(self, path: str, *, offset: int = 0) -> AsyncIterator[Download]:
        """
        Begin to fetch a file, from the byte `offset` on; iterate over what is yielded.

        Raises:
            PeerRefused: it is not there, or not for this user.
            TransferIncomplete: from the iteration; what came is not all.
        """
        with self._turn():
            async with downloading(self._session, path, offset=offset) as download:
                yield download

    async def store(self, path: str, chunks: AsyncIterable[bytes], *, offset: int = 0) -> int:
        """
        Put a file there, in place of one that is; with an offset, go on where the one that is there ends.

        Returns:
            Its length, which the server confirmed.

        Raises:
            PeerRefused: the server does not take it.
            TransferIncomplete: it is not there whole; part of it may be.
        """
        with self._turn():
            return await upload(self._session, path, chunks, offset=offset)

    async def append(self, path: str, chunks: AsyncIterable[bytes]) -> int:
        """As `store`, to the end of what is there; where nothing is, a file is made."""
        with self._turn():
            offset = await self._session.size(path) or 0
            return await upload(self._session, path, chunks, verb="APPE", offset=offset)

    async def publish(self, chunks: AsyncIterable[bytes], *, temporary: str, name: str) -> int:
        """
        Put a file there under a temporary name, and give it its own once it is whole.

        Returns:
            Its length, which the server confirmed.

        Raises:
            NameTaken: something has its name; the temporary file stays.
            TransferIncomplete: it is not whole; part of it may stay under the temporary name.
        """
        with self._turn():
            self._session.check("RNTO", name)
            size = await upload(self._session, temporary, chunks)
            await rename(self._session, temporary, name)
            return size

    async def rename(self, old: str, new: str) -> None:
        """
        Give a file another name.

        Raises:
            NameTaken: something has it already; nothing was changed.
            PeerRefused: there is no such file, or it may not be renamed.
        """
        with self._turn():
            await rename(self._session, old, new)

    async def delete(self, path: str) -> None:
        """Remove a file; raises PeerRefused where there is none or it may not be removed."""
        with self._turn():
            await self._session.ask_for("DELE", path)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if self._is_busy:
            raise RuntimeError("one thing at a time: another transfer or command is under way")
        self._is_busy = True
        try:
            yield
        finally:
            self._is_busy = False


@asynccontextmanager
async def logged_in(server: FtpServer) -> AsyncIterator[FtpClient]:
    """
    Connect and log in; at the end say goodbye, or, after an error, just close.

    Raises:
        ConnectError: the server could not be reached, is not trusted, or lets nobody in; or a password would
            have gone to it unencrypted.
    """
    session = Session(server)
    try:
        await session.conversation()
        yield FtpClient(session)
        await session.quit()
    finally:
        await session.close()


@asynccontextmanager
async def open_download(server: FtpServer, path: str, *, offset: int = 0) -> AsyncIterator[Download]:
    """
    Fetch one file of a server, from the byte `offset` on.

    Yields:
        What knows size and time, and is iterated over for the bytes.

    Raises:
        ConnectError: as `logged_in` and `FtpClient.download`; from the iteration TransferIncomplete.
    """
    async with logged_in(server) as client, client.download(path, offset=offset) as download:
        yield download
