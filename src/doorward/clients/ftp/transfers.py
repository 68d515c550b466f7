"""What sending and fetching have in common: a connection for data beside the one for commands."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from doorward.clients._streams import Interrupted, Stream
from doorward.clients.ftp.conversation import CLOSING, Conversation
from doorward.clients.ftp.data import open_data
from doorward.clients.ftp.replies import Reply
from doorward.clients.ftp.session import Session
from doorward.core.errors import ConnectError, PeerRefused, TlsFailed, TransferIncomplete

_WORD_AFTER_FAILURE_SECONDS = 2.0
"""How long a reason is waited for; it comes at once or not at all."""


class Broken(Exception):
    """
    Data that goes no further; no client lets it out.

    Attributes:
        problem: what happened, in words.
    """

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


class Transfer:
    """
    One transfer under way; `transferring` begins it.

    Attributes:
        stream: where the data is.
        has_ended: all went well, as the server says, and the conversation goes on; after a refusal some
            servers close it.
        closing: what the server said in place of a last word, closing the connection; None for nothing.
    """

    def __init__(self, session: Session, conversation: Conversation, stream: Stream) -> None:
        self._session = session
        self._conversation = conversation
        self._seconds = session.server.deadlines.data_seconds
        self.stream = stream
        self.has_ended = False
        self.closing: Reply | None = None
        self._said: Reply | None = None
        self._heard_at = asyncio.get_running_loop().time()

    async def read(self) -> bytes:
        """The next bytes; none at the end, which is answered: vsftpd waits for that. Raises Broken."""
        async with self._going_on():
            data = await self.stream.read()
            if not data:
                with contextlib.suppress(OSError, TlsFailed):  # it left without waiting
                    self.stream.finish()
            return data

    async def write(self, data: bytes) -> None:
        """Send the next bytes; raises Broken."""
        async with self._going_on():
            await self.stream.write(data)

    async def finish(self) -> None:
        """Say that there are no more; raises Broken."""
        async with self._going_on():
            self.stream.finish()

    async def last_reply(self) -> Reply | None:
        """
        What the server says of this transfer at the end; None when its connection was lost.

        One that just says that it closes the connection says nothing of the transfer.
        """
        reply = self._said or await self._reply(self._seconds)
        if reply is None:
            return None
        self.closing = reply if reply.code == CLOSING else None
        self.has_ended = reply.is_good
        if self.has_ended:
            await self._conversation.hear_out(_WORD_AFTER_FAILURE_SECONDS)
        return None if self.closing else reply

    async def reply_to_failure(self) -> Reply | None:
        """What the server has to say of a transfer that broke off; None when it says nothing soon."""
        seconds = min(self._session.server.deadlines.reply_seconds, _WORD_AFTER_FAILURE_SECONDS)
        self._said = await self._reply(seconds)
        return self._said

    async def _reply(self, within_seconds: float) -> Reply | None:
        try:
            return await self._conversation.next_reply("data", within_seconds=within_seconds)
        except ConnectError:
            # one that comes late is not to be taken for the answer to something else
            self._conversation.abort()
            return None

    def incomplete(
        self, problem: str, reply: Reply | None = None, *, moved_bytes: int, expected_bytes: int | None
    ) -> TransferIncomplete:
        """The error that says how much was moved, and what the server had to say."""
        teller = self._session.teller
        of_all = "" if expected_bytes is None else f" of {expected_bytes}"
        said = f"; the server answered {reply.code}: {teller.shown(reply)}" if reply else ""
        return TransferIncomplete(
            self._session.server.url,
            "data",
            f"{problem}, {moved_bytes}{of_all} bytes were moved{said}",
            teller.next_step(reply) if reply else "Try again; what is there can be taken up.",
            moved_bytes=moved_bytes,
            expected_bytes=expected_bytes,
            code=reply.code if reply else 0,
        )

    async def _keep_alive(self) -> None:
        seconds, now = self._session.server.noop_seconds, asyncio.get_running_loop().time()
        if seconds and now - self._heard_at >= seconds:
            self._heard_at = now
            await self._conversation.keep_alive()

    @asynccontextmanager
    async def _going_on(self) -> AsyncIterator[None]:
        try:
            async with self._session.teller.phase("data", self._seconds):
                yield
            await self._keep_alive()
        except ConnectError as error:
            raise Broken(error.problem) from error
        except Interrupted as error:
            raise Broken("the server gave it up") from error


@asynccontextmanager
async def transferring(
    session: Session, verb: str, argument: str | None = None, *, offset: int = 0
) -> AsyncIterator[Transfer]:
    """
    Begin a transfer. Left before its last word, it takes the control connection with it.

    Raises:
        PeerRefused: the server does not begin it.
        ConnectError: it could not be asked, or not connected to for the data.
    """
    session.check(verb, argument)
    conversation = await session.conversation()
    try:
        stream = await open_data(
            session.server, session.teller, conversation, verb=verb, argument=argument, offset=offset
        )
    except PeerRefused:
        raise
    except BaseException:
        conversation.abort()
        raise
    transfer = Transfer(session, conversation, stream)
    try:
        with conversation.watching(stream.interrupt):
            yield transfer
    finally:
        await stream.close()
        if not transfer.has_ended:
            conversation.abort()
