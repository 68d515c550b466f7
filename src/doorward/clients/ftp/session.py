"""A login that survives its connection: what was lost while nothing was under way is made anew."""

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import datetime

from doorward.clients.ftp.commands import parse_path, parse_size, parse_time
from doorward.clients.ftp.conversation import Command, Conversation, formatted
from doorward.clients.ftp.entering import enter
from doorward.clients.ftp.features import Features, parse_features
from doorward.clients.ftp.replies import Reply
from doorward.clients.ftp.settings import FtpServer
from doorward.clients.ftp.telling import Teller
from doorward.core.errors import ConnectError, ProtocolError

ABSENT = 550
"""Not there, or not for this user; a folder where a file is meant: RFC 959 section 4.2.2."""

_SETTLING_SECONDS = 1.0
_SETTLING_LOOKS = 10


class Session:
    """
    A server, its control connection, and the folder that is the current one there.

    Whatever fails otherwise than by a refusal closes the connection, and the next command makes another one:
    its answer could be taken for that of something else.

    Args:
        server: where, as somebody named it.
        found: the same, with the way to TLS that it takes; None to find that out.

    Attributes:
        server: where.
        found: likewise, once it is known.
        teller: what tells of failures, with the time for all.
    """

    def __init__(self, server: FtpServer, found: FtpServer | None = None) -> None:
        self.server = server
        self.found = found
        self.teller = Teller(server)
        self._conversation: Conversation | None = None
        self._folder = ""
        self._features: Features | None = None

    async def ask(
        self, verb: str, argument: str | None = None, *, within_seconds: float | None = None
    ) -> Reply:
        """
        Send a command on a connection that is alive, and wait for its reply.

        Args:
            verb: of the command.
            argument: likewise.
            within_seconds: how long the reply may take; None for as long as any.

        Raises:
            ConnectError: there is no connection to be had, or no reply.
        """
        self.check(verb, argument)
        conversation = await self.conversation()
        try:
            return await conversation.ask(verb, argument, within_seconds=within_seconds)
        except BaseException:
            conversation.abort()
            raise

    async def ask_all(self, commands: Sequence[Command]) -> list[Reply]:
        """As `ask`, for several commands none of which depends on another's reply; gives these in order."""
        for command in commands:
            self.check(*command)
        conversation = await self.conversation()
        try:
            return await conversation.ask_all(commands)
        except BaseException:
            conversation.abort()
            raise

    async def features(self) -> Features:
        """What the server says that it can do; it is asked once. Raises ConnectError."""
        if self._features is None:
            self._features = parse_features(await self.ask("FEAT"))
        return self._features

    def check(self, verb: str, argument: str | None = None) -> None:
        """Raise ConnectError, with nothing sent and nothing closed, for an argument that cannot be sent."""
        formatted(self.teller, verb, argument)

    async def ask_for(self, verb: str, argument: str | None = None) -> Reply:
        """As `ask`, for what is to be done; raises PeerRefused where it is not."""
        reply = await self.ask(verb, argument)
        if not reply.is_good:
            raise self.teller.refusal("reply", verb, reply)
        return reply

    async def conversation(self) -> Conversation:
        """
        Hand out the connection, a new one if the last is gone.

        Raises:
            ConnectError: there is none to be had.
        """
        if self._conversation is not None and self._conversation.is_alive:
            return self._conversation
        self.abort()
        self._conversation = conversation = await enter(self.found or self.server, self.teller)
        self.found = conversation.server
        if self._folder:
            try:
                await conversation.ask_for("CWD", self._folder)
            except BaseException:
                self.abort()
                raise
        return conversation

    async def change_folder(self, path: str) -> str:
        """Go to `path`, to stay there over lost connections; gives its whole path. Raises ConnectError."""
        await self.ask_for("CWD", path)
        return await self.stay()

    async def stay(self) -> str:
        """Stay in the current folder over lost connections; gives its whole path. Raises ConnectError."""
        self._folder = await self.current_folder()
        return self._folder

    async def current_folder(self) -> str:
        """The path of the current folder; raises ConnectError."""
        reply = await self.ask_for("PWD")
        try:
            return parse_path(reply)
        except ProtocolError as error:
            raise self._not_understood(error) from error

    async def size(self, path: str) -> int | None:
        """
        How many bytes a file has; None when there is none of this name that this user may see.

        Raises:
            PeerRefused: it is not told, for another reason.
            ConnectError: the server could not be asked.
        """
        return self.size_of(await self.ask("SIZE", path))

    def size_of(self, reply: Reply) -> int | None:
        """What a reply to SIZE says, as `size`."""
        if reply.code == ABSENT:
            return None
        if reply.code != 213:
            raise self.teller.refusal("reply", "SIZE", reply)
        try:
            return parse_size(reply)
        except ProtocolError as error:
            raise self._not_understood(error) from error

    async def modified_at(self, path: str) -> datetime | None:
        """When a file was changed last, in UTC; None when that is not told. Raises ConnectError."""
        reply = await self.ask("MDTM", path)
        if reply.code != 213:
            return None
        try:
            return parse_time(reply)
        except ProtocolError as error:
            raise self._not_understood(error) from error

    async def settled_size(self, path: str, *, wanted_bytes: int | None = None) -> int | None:
        """
        As `size`, after a connection was lost: what was sent last may still be on its way to the disk.

        It is asked for again while it grows, up to `wanted_bytes` if that is known.
        """
        seen = await self.size(path)
        for _ in range(_SETTLING_LOOKS):
            if seen is None or (wanted_bytes is not None and seen >= wanted_bytes):
                break
            await asyncio.sleep(_SETTLING_SECONDS)
            before, seen = seen, await self.size(path)
            if seen == before:
                break
        return seen

    async def quit(self) -> None:
        """Say goodbye if anybody is there; one that does not answer has left as well."""
        if self._conversation is not None and self._conversation.is_alive:
            with contextlib.suppress(ConnectError):
                await self._conversation.quit()

    def abort(self) -> None:
        """Close without a word; idempotent."""
        if self._conversation is not None:
            self._conversation.abort()
            self._conversation = None

    async def close(self) -> None:
        """As `abort`, and wait until the loop let go of the connection."""
        conversation, self._conversation = self._conversation, None
        if conversation is not None:
            await conversation.close()

    def _not_understood(self, error: ProtocolError) -> ConnectError:
        self.abort()
        return self.teller.misunderstood("reply", error)
