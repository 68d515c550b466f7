"""Files and lists of names that come from a server, whole or not at all."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial

from doorward.clients.ftp.commands import parse_names
from doorward.clients.ftp.replies import Reply
from doorward.clients.ftp.session import Session
from doorward.clients.ftp.transfers import Broken, Transfer, transferring
from doorward.core.backup_store import LISTING_SECONDS
from doorward.core.errors import PeerRefused, ProtocolError, TransferIncomplete
from doorward.core.units import MIB

LISTING_BYTES = 16 * MIB
"""A list of names; a hundred thousand of 160 bytes."""

_UNKNOWN_COMMANDS = frozenset({500, 502, 504})


class Download:
    """
    A file that comes, to be iterated over once; `downloading` gives it.

    Attributes:
        size: of the whole file, in bytes; None when the server cannot tell, which leaves its last word alone
            to say that all came.
        modified_at: of the file, in UTC; None when the server cannot tell.
        offset: the first byte that comes.
        received_bytes: how many came so far.
    """

    def __init__(
        self,
        session: Session,
        path: str,
        *,
        size: int | None,
        modified_at: datetime | None,
        offset: int,
        transfer: Transfer | None,
    ) -> None:
        self._session = session
        self._path = path
        self._transfer = transfer
        self.size = size
        self.modified_at = modified_at
        self.offset = offset
        self.received_bytes = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """
        Yield the bytes as they come, in chunks of at most some hundred KiB.

        Raises:
            TransferIncomplete: what came is not the whole file, or nobody can tell.
            ConnectError: the server could not be asked how long it is, after its connection was lost.
        """
        if self._transfer is None:
            return
        while chunk := await self._next(self._transfer):
            self.received_bytes += len(chunk)
            if self.size is not None and self._reached_bytes > self.size:
                raise self._incomplete(self._transfer, "it is longer than the server said")
            yield chunk
        await self._finish(self._transfer)

    @property
    def _reached_bytes(self) -> int:
        return self.offset + self.received_bytes

    async def _next(self, transfer: Transfer) -> bytes:
        try:
            return await transfer.read()
        except Broken as broken:
            reply = await transfer.reply_to_failure()
            if reply is not None and reply.is_good and self._reached_bytes == self.size:
                return b""  # only the end of the data was not said
            raise self._incomplete(transfer, broken.problem, reply) from broken

    async def _finish(self, transfer: Transfer) -> None:
        reply = await transfer.last_reply()
        if reply is None:
            await self._ask_again(transfer)
        elif not reply.is_good:
            raise self._incomplete(transfer, "the server gave it up", reply)
        elif self.size is None and transfer.stream.was_cut:
            raise self._incomplete(transfer, "the connection was cut, and how long the file is is not known")
        elif self.size is not None and self._reached_bytes != self.size:
            raise self._incomplete(transfer, "the server says that this is all of it", reply)

    async def _ask_again(self, transfer: Transfer) -> None:
        """Decide by the size, on another connection, about a file without a last word."""
        if self.size is None or self._reached_bytes != self.size:
            raise self._incomplete(transfer, "the connection was lost", transfer.closing)
        if await self._session.size(self._path) != self.size:
            raise self._incomplete(transfer, "the connection was lost, and the file changed meanwhile")

    def _incomplete(self, transfer: Transfer, problem: str, reply: Reply | None = None) -> TransferIncomplete:
        return transfer.incomplete(problem, reply, moved_bytes=self._reached_bytes, expected_bytes=self.size)


@asynccontextmanager
async def downloading(session: Session, path: str, *, offset: int = 0) -> AsyncIterator[Download]:
    """
    Begin to fetch a file from `offset`; leaving it half read closes the connection.

    Raises:
        PeerRefused: it is not there, or not for this user.
        ConnectError: the server could not be asked, or the file is shorter than `offset`.
    """
    size = await _size_of(session, path)
    modified_at = await session.modified_at(path)
    begin = partial(Download, session, path, size=size, modified_at=modified_at, offset=offset)
    if offset and size is not None and offset >= size:
        if offset > size:
            problem = f"the file has {size} bytes, and {offset} are there already"
            raise session.teller.error("data", problem, "It is another one by now: fetch it from the start.")
        yield begin(transfer=None)
        return
    async with transferring(session, "RETR", path, offset=offset) as transfer:
        yield begin(transfer=transfer)


async def _size_of(session: Session, path: str) -> int | None:
    try:
        size = await session.size(path)
    except PeerRefused as refused:
        if refused.code in _UNKNOWN_COMMANDS:
            return None
        raise
    return size


async def list_names(session: Session) -> list[str]:
    """
    The names in the current folder.

    Raises:
        PeerRefused: it may not be listed.
        TransferIncomplete: the list did not come whole.
        ConnectError: it is too long, or no list of names.
    """
    listing = await collect(session, "NLST")
    try:
        return parse_names(listing)
    except ProtocolError as error:
        raise session.teller.misunderstood("data", error) from error


@asynccontextmanager
async def listing_in_time(session: Session) -> AsyncIterator[None]:
    """Give a whole list `LISTING_SECONDS`; raises ConnectError."""
    try:
        async with asyncio.timeout(LISTING_SECONDS):
            yield
    except TimeoutError as error:
        raise session.teller.error("data", f"the list is not whole after {LISTING_SECONDS:g} s") from error


async def collect(session: Session, verb: str) -> bytes:
    """
    What the server lists of the current folder when it is asked by `verb`, whole.

    Raises:
        PeerRefused: it may not be listed.
        TransferIncomplete: the list did not come whole, or the server says that it has cut it.
        ConnectError: it is too long, or takes too long.
    """
    listing = bytearray()
    async with listing_in_time(session), transferring(session, verb) as transfer:
        try:
            while chunk := await transfer.read():
                listing += chunk
                if len(listing) > LISTING_BYTES:
                    raise session.teller.error("data", f"the list is longer than {LISTING_BYTES} bytes")
            reply = await transfer.last_reply()
            problem = "the connection was lost" if reply is None else "the server gave it up"
        except Broken as broken:
            reply, problem = await transfer.reply_to_failure(), broken.problem
        else:
            if transfer.stream.was_cut:
                problem = "the connection was cut"
            elif reply is not None and reply.is_good:
                if not _says_that_it_cut(reply):
                    return bytes(listing)
                problem = "the server lists no more than that"
        raise transfer.incomplete(problem, reply, moved_bytes=len(listing), expected_bytes=None)


def _says_that_it_cut(reply: Reply) -> bool:
    """As Pure-FTPd does, which ends a list at ten thousand and calls that well done."""
    return any("truncated" in line.lower() for line in reply.lines)
