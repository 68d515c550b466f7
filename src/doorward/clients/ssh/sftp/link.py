"""A connection for files that is made anew when it was lost, and how long its answers may take."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import asyncssh

from doorward.clients.ssh.sftp.login import SftpServer, log_in_for_files
from doorward.clients.ssh.sftp.telling import is_of_the_connection, store_error
from doorward.core.backup_store import StoreError, Trouble

REPLY_SECONDS = 60.0
"""For an answer; a disk that is busy, or a file that has to be written, may hold one up."""

_CLOSE_SECONDS = 1.0

_T = TypeVar("_T")


class Link:
    """
    A login at a server that survives its connection.

    Args:
        server: the one.
        address: of the folder, for errors.
        reply_seconds: how long an answer may take.

    Attributes:
        address, reply_seconds: likewise.
    """

    def __init__(self, server: SftpServer, address: str, *, reply_seconds: float = REPLY_SECONDS) -> None:
        self._server = server
        self.reply_seconds = reply_seconds
        self._connection: asyncssh.SSHClientConnection | None = None
        self._sftp: asyncssh.SFTPClient | None = None
        self.address = address

    @property
    def is_alive(self) -> bool:
        """Whether something can be asked without connecting anew, as far as is known."""
        return self._connection is not None and not self._connection.is_closed()

    async def sftp(self) -> asyncssh.SFTPClient:
        """The client, on a new connection if the last was lost; raises StoreError."""
        if not self.is_alive or self._sftp is None:
            self.abort()
            self._connection, self._sftp = await log_in_for_files(self._server)
        return self._sftp

    async def ask(self, phase: str, question: Callable[[asyncssh.SFTPClient], Awaitable[_T]]) -> _T:
        """What `question` gets out of the client, in time; raises StoreError."""
        sftp = await self.sftp()
        with self.told(phase):
            return await self.in_time(question(sftp))

    async def in_time(self, answer: Awaitable[_T]) -> _T:
        """Wait for an answer; raises TimeoutError and what the library does, to be `told`."""
        async with asyncio.timeout(self.reply_seconds):
            return await answer

    @contextmanager
    def told(self, phase: str) -> Iterator[None]:
        """Within, have errors of the library raised as StoreError, and a lost connection closed."""
        try:
            yield
        except (asyncssh.Error, OSError) as error:
            if is_of_the_connection(error):
                self.abort()
            raise store_error(
                self.address,
                phase,
                error,
                within_seconds=self.reply_seconds,
                password=self._server.password,
            ) from error

    @contextmanager
    def cut_after(self, seconds: float, phase: str, problem: str) -> Iterator[None]:
        """
        Within, close the connection once the time is over, and raise a temporary StoreError then.

        For what the library would clean up after, if it were cancelled, by questions that nobody may answer.
        """
        is_over = False

        def end() -> None:
            nonlocal is_over
            is_over = True
            self.abort()

        timer = asyncio.get_running_loop().call_later(seconds, end)
        try:
            yield
        except StoreError as error:
            if is_over:
                raise StoreError(self.address, phase, problem, trouble=Trouble.TEMPORARY) from error
            raise
        finally:
            timer.cancel()

    def abort(self) -> None:
        """Close it without a word; idempotent."""
        if self._connection is not None:
            self._connection.abort()
        self._connection = self._sftp = None

    async def close(self) -> None:
        """Say goodbye, and wait a little until the connection is gone."""
        if self._connection is None:
            return
        self._connection.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._connection.wait_closed()
        self.abort()
