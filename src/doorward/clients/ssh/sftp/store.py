"""A folder at a server of SSH: where it is, and how it is entered."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import quote

import asyncssh

from doorward.clients.ssh.sftp.link import REPLY_SECONDS, Link
from doorward.clients.ssh.sftp.login import SftpServer
from doorward.clients.ssh.sftp.place import SftpPlace
from doorward.core.backup_store import StoreError, Trouble
from doorward.core.units import MIB

UNDER_WAY_BYTES = 4 * MIB
"""
How much all connections to one store may have asked for or sent that is not answered, each its share.

With another connection the shares get smaller, and what was under way before comes on top until it is
answered. Each has one request under way, whatever their number.
"""

_FOLDER_MODE = 0o700


class SftpStore:
    """
    A `BackupStore` at a server of SSH.

    Args:
        server: the one, and who asks there.
        folder: its path there, from the folder that one gets to by logging in; from the root where it begins
            with `/`; empty for the folder that one gets to.
        reply_seconds: how long an answer may take.
    """

    def __init__(self, server: SftpServer, folder: str, *, reply_seconds: float = REPLY_SECONDS) -> None:
        self._server = server
        self._folder = folder.encode("utf-8", "surrogateescape") or b"."
        self._reply_seconds = reply_seconds
        self._places = 0

    @property
    def address(self) -> str:
        """See `BackupStore`; a path from where one logs in begins with `/~/`, as other clients write it."""
        path = quote(self._folder)
        return f"{self._server.endpoint.url}{path if path.startswith('/') else f'/~/{path}'}"

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[SftpPlace]:
        """See `BackupStore`."""
        link = Link(self._server, self.address, reply_seconds=self._reply_seconds)
        self._places += 1
        try:
            if not await self._is_folder(link):
                problem, step = "there is no such folder", "Make it, or look at how it is written."
                raise StoreError(self.address, "read", problem, step, trouble=Trouble.PERMANENT)
            yield SftpPlace(link, self._folder, most_under_way=lambda: UNDER_WAY_BYTES // self._places)
            await link.close()
        finally:
            self._places -= 1
            link.abort()

    async def make_folder(self) -> None:
        """See `BackupStore`."""
        link = Link(self._server, self.address, reply_seconds=self._reply_seconds)
        try:
            if not await self._is_folder(link):
                mode = asyncssh.SFTPAttrs(permissions=_FOLDER_MODE)
                await link.ask("send", lambda sftp: sftp.mkdir(self._folder, mode))
            await link.close()
        finally:
            link.abort()

    async def _is_folder(self, link: Link) -> bool:
        async def look(sftp: asyncssh.SFTPClient) -> bool:
            try:
                return (await sftp.stat(self._folder)).type == asyncssh.FILEXFER_TYPE_DIRECTORY
            except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
                return False

        return await link.ask("read", look)
