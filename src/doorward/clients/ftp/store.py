"""A folder at a server of FTP: where it is, and how it is entered."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import quote

from doorward.clients.ftp.place import FtpPlace
from doorward.clients.ftp.session import Session
from doorward.clients.ftp.settings import FtpServer
from doorward.clients.ftp.trouble import told
from doorward.core.backup_store import StoreError, Trouble
from doorward.core.errors import PeerRefused


class FtpStore:
    """
    A `BackupStore` at a server of FTP or FTPS.

    Args:
        server: the one, and who asks there.
        folder: its path there, from the folder that one gets to by logging in; from the root where it begins
            with `/`; empty for the folder that one gets to.
    """

    def __init__(self, server: FtpServer, folder: str) -> None:
        self._server = server
        self._folder = folder
        self._found: FtpServer | None = None

    @property
    def address(self) -> str:
        """See `BackupStore`."""
        path = self._folder.encode("utf-8", "surrogateescape")
        return f"{self._server.url}/{quote(path).replace('/', '%2F', 1) if path[:1] == b'/' else quote(path)}"

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[FtpPlace]:
        """See `BackupStore`."""
        with told():
            session = Session(self._server, self._found)
        try:
            with told():
                folder = await self._enter(session)
            self._found = session.found
            yield FtpPlace(session, folder=folder, address=self.address)
            await session.quit()
        finally:
            await session.close()

    async def _enter(self, session: Session) -> str:
        if not self._folder:
            return await session.stay()
        try:
            return await session.change_folder(self._folder)
        except PeerRefused as error:
            if error.phase != "reply":
                raise  # of the connection or the login, which had to be made first
            problem = f"the folder cannot be entered: {error.problem}"
            step = "Is it there, and may this user enter it?"
            trouble = Trouble.TEMPORARY if error.is_temporary else Trouble.PERMANENT
            raise StoreError(self.address, "reply", problem, step, trouble=trouble) from error

    async def make_folder(self) -> None:
        """See `BackupStore`."""
        with told():
            session = Session(self._server)
            try:
                await self._make(session)
                await session.quit()
            finally:
                await session.close()

    async def _make(self, session: Session) -> None:
        if not self._folder or (await session.ask("CWD", self._folder)).is_good:
            return
        await session.ask_for("MKD", self._folder)
