"""A connection for one file or list of names, opened before it is asked for: RFC 959 section 5.1.2."""

import socket

from doorward.clients._reaching import Peer, connect
from doorward.clients._streams import Stream
from doorward.clients.ftp.commands import parse_epsv, parse_pasv
from doorward.clients.ftp.conversation import Conversation
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
    one that begins TLS with its answer.

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
    peer = await _ask_where(server, teller, conversation)
    async with teller.phase("data", server.deadlines.connect_seconds):
        stream = await connect(peer)
    try:
        if offset and (reply := await conversation.ask("REST", str(offset))).code != 350:
            raise teller.refusal("data", "REST", reply)
        reply = await conversation.ask(verb, argument)
        if reply.is_good:
            raise teller.error(
                "data", f"the server answered {reply.code} to {verb} before anything was moved"
            )
        if not reply.is_preliminary:
            raise teller.refusal("data", verb, reply)
        await _encrypt(server, teller, conversation, stream)
    except BaseException:
        stream.abort()
        raise
    return stream


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


async def _ask_where(server: FtpServer, teller: Teller, conversation: Conversation) -> Peer:
    """EPSV, which names no address and so is right behind every NAT; PASV where a server is older than it."""
    family, address = conversation.peer
    if not (server.believes_pasv and family is socket.AF_INET):
        reply = await conversation.ask("EPSV")
        if reply.code == EXTENDED:
            async with teller.phase("data", server.deadlines.reply_seconds):
                return family, _with_port(address, parse_epsv(reply))
        if family is not socket.AF_INET or not 500 <= reply.code < 530:
            raise teller.refusal("data", "EPSV", reply)
    reply = await conversation.ask("PASV")
    if reply.code != PASSIVE:
        raise teller.refusal("data", "PASV", reply)
    async with teller.phase("data", server.deadlines.reply_seconds):
        named, port = parse_pasv(reply)
    if server.believes_pasv:
        return family, (named, port)
    return family, _with_port(address, port)


def _with_port(address: tuple[object, ...], port: int) -> tuple[object, ...]:
    if len(address) < 2:
        raise ProtocolError("this is no address with a port")
    return (address[0], port, *address[2:])
