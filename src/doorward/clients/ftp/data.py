"""A connection for one file or list of names, opened before it is asked for: RFC 959 section 5.1.2."""

import socket
from typing import Protocol, Self

from doorward.clients._reaching import Address, Peer, connect
from doorward.clients._streams import Stream
from doorward.clients.ftp.commands import parse_epsv, parse_pasv
from doorward.clients.ftp.conversation import Conversation
from doorward.clients.ftp.listening import Listener
from doorward.clients.ftp.replies import Reply
from doorward.clients.ftp.settings import FtpServer
from doorward.clients.ftp.telling import DISTRUST, Teller
from doorward.core.errors import ConnectError, ProtocolError

EXTENDED = 229
PASSIVE = 227


async def open_data(
    server: FtpServer,
    teller: Teller,
    conversation: Conversation,
    *,
    verb: str,
    argument: str | None = None,
    offset: int = 0,
) -> Stream:
    """
    Connect for data, send the command that needs it, and encrypt once the server says that it begins.

    That is the order which every server understands: one that waits for the connection before it answers, and
    one that begins TLS with its answer. The command is on its way while the connection is made.

    Args:
        server: the one that `conversation` is with.
        teller: tells what fails.
        conversation: with nothing under way.
        verb: of the command.
        argument: likewise.
        offset: in bytes of the file, where to begin: RFC 3659 section 5.

    Raises:
        PeerRefused: the command was; the conversation goes on.
        ConnectError: anything else, and the conversation is of no more use.
    """
    opening: _Opening = (
        await _Active.begun(server, teller, conversation)
        if server.is_active
        else _Passive(server, teller, await _ask_where(server, teller, conversation))
    )
    try:
        if offset and (reply := await conversation.ask("REST", str(offset))).code != 350:
            raise teller.refusal("data", "REST", reply)
        await conversation.tell(verb, argument)
        reply = await _connected(server, conversation, opening) or await conversation.next_reply()
        if reply.is_good:
            raise teller.error(
                "data", f"the server answered {reply.code} to {verb} before anything was moved"
            )
        if not reply.is_preliminary:
            raise teller.refusal("data", verb, reply)
        stream = await opening.stream()
        if conversation.context is not None:
            await _encrypt(server, teller, conversation, stream)
    except BaseException:
        opening.abort()
        raise
    finally:
        opening.close()
    return stream


async def _connected(server: FtpServer, conversation: Conversation, opening: "_Opening") -> Reply | None:
    """Have it connected; gives what the server refused the command with, if that is why it cannot be."""
    try:
        await opening.connect()
    except ConnectError:
        if (reply := await _refusal_after(server, conversation)) is not None:
            return reply
        raise
    return None


class _Opening(Protocol):
    """A way to a connection for data."""

    async def connect(self) -> None:
        """Do what has to be done before the server says that it begins; raises ConnectError."""

    async def stream(self) -> Stream:
        """The connection, once the server says that it begins; raises ConnectError."""

    def abort(self) -> None:
        """Let go of a connection that there may be."""

    def close(self) -> None:
        """Let go of all but a connection that there may be."""


class _Passive:
    """The server waits and we connect."""

    def __init__(self, server: FtpServer, teller: Teller, peer: Peer) -> None:
        self._server = server
        self._teller = teller
        self._peer = peer
        self._stream: Stream | None = None

    async def connect(self) -> None:
        async with self._teller.phase("data", self._server.deadlines.connect_seconds):
            self._stream = await connect(self._peer)

    async def stream(self) -> Stream:
        if self._stream is None:
            raise RuntimeError("nothing was connected")
        return self._stream

    def abort(self) -> None:
        if self._stream is not None:
            self._stream.abort()

    def close(self) -> None:
        pass


class _Active:
    """We wait and the server connects, some before they answer and some after it."""

    def __init__(
        self, server: FtpServer, teller: Teller, conversation: Conversation, listener: Listener
    ) -> None:
        self._server = server
        self._teller = teller
        self._conversation = conversation
        self._listener = listener
        self._stream: Stream | None = None

    @classmethod
    async def begun(cls, server: FtpServer, teller: Teller, conversation: Conversation) -> Self:
        """Wait at a port, and tell the server which; raises ConnectError."""
        with teller.told("data"):
            listener = Listener(conversation.own_address, conversation.peer)
        try:
            await _tell_where(teller, conversation, listener)
        except BaseException:
            listener.close()
            raise
        return cls(server, teller, conversation, listener)

    async def connect(self) -> None:
        pass

    async def stream(self) -> Stream:
        try:
            async with self._teller.phase("data", self._server.deadlines.connect_seconds):
                self._stream = await self._listener.accepted()
                return self._stream
        except ConnectError as error:
            reply = await _refusal_after(self._server, self._conversation)
            if reply is not None:
                raise self._teller.refusal("data", "the connection for data", reply) from error
            step = "Does a firewall let the server in? Without --active it waits for us."
            raise self._teller.error("data", "the server did not connect", step) from error

    def abort(self) -> None:
        if self._stream is not None:
            self._stream.abort()

    def close(self) -> None:
        self._listener.close()


async def _encrypt(server: FtpServer, teller: Teller, conversation: Conversation, stream: Stream) -> None:
    try:
        async with teller.phase("data", server.deadlines.tls_seconds):
            await conversation.encrypt(stream)
    except ConnectError as error:
        if error.phase == DISTRUST:
            raise
        # why, the server may have said in plain words: that it wants a session resumed, for one
        reply = await _refusal_after(server, conversation)
        if reply is not None:
            raise teller.refusal("data", "TLS for the data", reply) from None
        raise


async def _refusal_after(server: FtpServer, conversation: Conversation) -> Reply | None:
    try:
        reply = await conversation.next_reply(within_seconds=min(2.0, server.deadlines.reply_seconds))
    except ConnectError:
        return None
    return reply if reply.is_refusal else None


async def _tell_where(teller: Teller, conversation: Conversation, listener: Listener) -> None:
    """EPRT, and PORT where a server is older than it."""
    reply = await conversation.ask("EPRT", listener.extended)
    if not reply.is_good and conversation.peer[0] is socket.AF_INET and 500 <= reply.code < 530:
        reply = await conversation.ask("PORT", listener.plain)
    if not reply.is_good:
        raise teller.refusal("data", "EPRT", reply)


async def _ask_where(server: FtpServer, teller: Teller, conversation: Conversation) -> Peer:
    """EPSV, which names no address and so is right behind every NAT; PASV where a server is older than it."""
    family, address = conversation.peer
    if not (server.believes_pasv and family is socket.AF_INET):
        reply = await conversation.ask("EPSV")
        if reply.code == EXTENDED:
            with teller.told("data"):
                return family, _with_port(address, parse_epsv(reply))
        if family is not socket.AF_INET or not 500 <= reply.code < 530:
            raise teller.refusal("data", "EPSV", reply)
    reply = await conversation.ask("PASV")
    if reply.code != PASSIVE:
        raise teller.refusal("data", "PASV", reply)
    with teller.told("data"):
        named, port = parse_pasv(reply)
    if server.believes_pasv:
        return family, (named, port)
    return family, _with_port(address, port)


def _with_port(address: Address, port: int) -> Address:
    if len(address) < 2:
        raise ProtocolError("this is no address with a port")
    return (address[0], port, *address[2:])
