"""The control connection: what is asked on it and answered, encrypted before anybody logs in."""

import asyncio
import contextlib
import ssl
from collections.abc import Callable, Iterator, Sequence

from doorward.clients._reaching import Address, Peer
from doorward.clients._streams import PLAIN_TEXT, Stream
from doorward.clients._tls import client_context
from doorward.clients._trust import Check, checks_of, words_of_distrust
from doorward.clients.ftp.commands import format_command
from doorward.clients.ftp.reaching import reach
from doorward.clients.ftp.replies import Reply, ReplyReader
from doorward.clients.ftp.settings import ANONYMOUS, FtpServer, Security
from doorward.clients.ftp.telling import DISTRUST, Teller
from doorward.core.errors import ConnectError, ProtocolError, TlsFailed
from doorward.core.secret import Secret

CLOSING = 421
"""The server ends the connection, whatever was asked: RFC 959 section 4.2.2."""

AT_ONCE = 32
"""How many commands are sent before the first is answered: neither end may have to wait for the other."""

Command = tuple[str] | tuple[str, str]
"""A verb, and an argument if it has one."""

_OF_NOOP = frozenset({200, 500, 501, 502, 503})
"""What NOOP is answered in the middle of a transfer: Pure-FTPd knows none there. No transfer ends so."""

_NOBODY = Secret("doorward@")
"""What RFC 1635 section 3 wants of a guest has the shape of an address."""


class Conversation:
    """
    One control connection, logged in.

    Whatever raises leaves it of no more use, but a PeerRefused that is not `CLOSING`.

    Attributes:
        server: the one, with the way to TLS that it takes.
        peer: where it really ended up.
        context: what it and the files are encrypted with; None for a plain server.
    """

    def __init__(
        self, server: FtpServer, teller: Teller, stream: Stream, *, peer: Peer, context: ssl.SSLContext | None
    ) -> None:
        self.server = server
        self._teller = teller
        self._stream = stream
        self._replies = ReplyReader()
        self._unanswered_noops = 0
        self._on_refusal: Callable[[], None] | None = None
        self.peer = peer
        self.context = context
        stream.deliver_to(self._receive)

    @property
    def own_address(self) -> Address:
        """The address and the port that it has here."""
        return self._stream.own_address

    @property
    def is_alive(self) -> bool:
        """Whether something can be asked, as far as is known."""
        return self._stream.is_alive and self._replies.is_empty

    @property
    def session(self) -> ssl.SSLSession | None:
        """The newest session that the server gave for resumption."""
        layer = self._stream.layer
        return layer.session if layer is not None else None

    async def ask(
        self,
        verb: str,
        argument: str | None = None,
        *,
        phase: str = "reply",
        within_seconds: float | None = None,
    ) -> Reply:
        """
        Send a command and wait for its reply, whatever that is; a preliminary one is a reply.

        Args:
            verb: of the command.
            argument: likewise.
            phase: for errors.
            within_seconds: how long the reply may take; None for as long as any.

        Raises:
            ConnectError: there is none, or the argument cannot be sent; then nothing was.
        """
        line = formatted(self._teller, verb, argument)
        async with self._teller.phase(phase, self._reply_seconds(within_seconds)):
            await self._write(line)
            return await self._reply()

    async def tell(self, verb: str, argument: str | None = None) -> None:
        """
        Send a command, whose reply is then the `next_reply`.

        Raises:
            ConnectError: it cannot be sent.
        """
        line = formatted(self._teller, verb, argument)
        async with self._teller.phase("reply", self._reply_seconds()):
            await self._write(line)

    async def ask_all(self, commands: Sequence[Command]) -> list[Reply]:
        """
        Send commands without waiting for replies in between, some at a time; gives the replies in order.

        None of them may depend on what another is answered, nor have a preliminary reply.

        Raises:
            ConnectError: a reply did not come, or a command cannot be sent; then nothing was.
        """
        lines = [formatted(self._teller, *command) for command in commands]
        replies: list[Reply] = []
        while len(replies) < len(lines):
            batch = lines[len(replies) : len(replies) + AT_ONCE]
            self._replies.expect(len(batch))
            async with self._teller.phase("reply", self._reply_seconds()):
                await self._write(b"".join(batch))
                replies.append(await self._reply())
            replies += [await self.next_reply() for _ in batch[1:]]
        return replies

    async def ask_for(self, verb: str, argument: str | None = None, *, phase: str = "reply") -> Reply:
        """
        As `ask`, for a command that is to be done.

        Raises:
            PeerRefused: the server does not do it.
        """
        reply = await self.ask(verb, argument, phase=phase)
        if not reply.is_good:
            raise self._teller.refusal(phase, verb, reply)
        return reply

    async def next_reply(self, phase: str = "reply", *, within_seconds: float | None = None) -> Reply:
        """
        Wait for a reply.

        Raises:
            ConnectError: none came.
        """
        async with self._teller.phase(phase, self._reply_seconds(within_seconds)):
            return await self._reply()

    def _reply_seconds(self, within_seconds: float | None = None) -> float:
        return self.server.deadlines.reply_seconds if within_seconds is None else within_seconds

    async def _write(self, lines: bytes) -> None:
        self._check_nothing_waits()
        await self._stream.write(lines)

    async def _reply(self) -> Reply:
        await self._stream.until(lambda: self._replies.next_reply is not None or self._stream.has_ended)
        reply = self._replies.take_reply()
        self._pass_over_noops()
        if reply is None:
            self._stream.raise_failure()
            raise ConnectionResetError("the server closed the connection without an answer")
        if reply.code == CLOSING:
            self.abort()
        return reply

    async def keep_alive(self) -> None:
        """
        Say something while a file is on its way, unless the last such is not answered yet.

        A connection that was lost is not told: the end of the transfer tells it.
        """
        if self._unanswered_noops or not self.is_alive:
            return
        self._unanswered_noops = 1
        self._replies.expect(1)
        with contextlib.suppress(ConnectError):
            await self.tell("NOOP")

    async def hear_out(self, within_seconds: float) -> None:
        """Wait for the answer to what `keep_alive` said; without one, this is of no more use."""
        if not self._unanswered_noops:
            return
        try:
            async with asyncio.timeout(within_seconds):
                await self._stream.until(lambda: not self._unanswered_noops)
        except (OSError, ProtocolError):  # a TimeoutError is one
            self.abort()

    def _pass_over_noops(self) -> None:
        """Servers answer them at once, or after the transfer, and then after its last word."""
        while self._unanswered_noops and (reply := self._replies.next_reply) and reply.code in _OF_NOOP:
            self._replies.take_reply()
            self._unanswered_noops -= 1

    @contextlib.contextmanager
    def watching(self, on_refusal: Callable[[], None]) -> Iterator[None]:
        """Within, have `on_refusal` called when the server refuses what is under way, before it is asked."""
        self._on_refusal = on_refusal
        self._tell_refusal()
        try:
            yield
        finally:
            self._on_refusal = None

    async def quit(self) -> None:
        """Say goodbye and wait for the answer; raises ConnectError when there is none."""
        await self.ask("QUIT")

    def abort(self) -> None:
        """Close it without a word; idempotent."""
        self._stream.abort()

    async def close(self) -> None:
        """As `abort`, and wait until the loop let go of it."""
        await self._stream.close()

    def _receive(self, data: bytes) -> None:
        self._replies.receive_data(data)
        self._pass_over_noops()
        self._tell_refusal()

    def _tell_refusal(self) -> None:
        reply = self._replies.next_reply
        # one that closes may let a file go through all the same
        if reply is not None and reply.is_refusal and reply.code != CLOSING and self._on_refusal is not None:
            self._on_refusal()

    def _check_nothing_waits(self) -> None:
        """An answer that came before its question would be taken for that of the next one, and so on."""
        if not self._replies.is_empty:
            raise ProtocolError("the server answered what nobody asked")

    async def log_in(self) -> None:
        """
        Hear the greeting, encrypt, and say who we are.

        Raises:
            ConnectError: one of them failed.
        """
        security = self.server.security
        if security is Security.IMPLICIT:
            await self._start_tls()
        greeting = await self._greeting()
        if greeting.is_preliminary:  # 120: ready in some minutes
            greeting = await self.next_reply("connect")
        if not greeting.is_good:
            raise self._teller.refusal("connect", "the connection", greeting)
        if security is Security.EXPLICIT:
            await self.ask_for("AUTH", "TLS", phase="TLS")
            await self._start_tls()
        if self.server.is_encrypted:
            await self.ask_for("PBSZ", "0", phase="TLS")
            await self.ask_for("PROT", "P", phase="TLS")
        await self._say_who()
        await self.ask_for("TYPE", "I")

    async def _greeting(self) -> Reply:
        try:
            return await self.next_reply("connect")
        except ConnectError as error:
            if isinstance(error.__cause__, TimeoutError) and self.server.security is not Security.IMPLICIT:
                told = self._teller.no_greeting(error, port=self.server.endpoint.port)
                raise told from None if told.phase == "TLS" else error.__cause__
            raise

    async def _start_tls(self) -> None:
        async with self._teller.phase("TLS", self.server.deadlines.tls_seconds):
            if not self._replies.is_empty:
                raise TlsFailed("plain text came before it", code=PLAIN_TEXT)
            await self.encrypt(self._stream)

    async def encrypt(self, stream: Stream) -> None:
        """
        Encrypt `stream`, this one's own or one for data, if the server is one that is to be trusted.

        One for data resumes the newest session of this one; a server may do without, and is looked at again.

        Raises:
            TlsFailed, OSError: it is not encrypted.
            ConnectError: nobody trusts the server.
        """
        if self.context is None:
            return
        name = self.server.host.partition("%")[0]
        await stream.start_tls(self.context, server_hostname=name, session=self.session)
        if _check_of(self.server) is Check.BY_ITSELF and stream.layer is not None:
            certificate = stream.layer.peer_certificate
            if not self.server.trust.is_exactly_trusted(certificate):
                raise self._teller.error(DISTRUST, *words_of_distrust(self.server.trust, None, certificate))

    async def _say_who(self) -> None:
        server, phase = self.server, "login"
        reply = await self.ask("USER", server.user, phase=phase)
        if reply.code == 331:
            password = server.password
            if password is None:
                if server.user != ANONYMOUS:
                    raise self._teller.error(phase, "the server wants a password", "Give one.")
                password = _NOBODY
            reply = await self.ask("PASS", password.revealed, phase=phase)
        if not reply.is_good:
            raise self._teller.login_refusal(reply)


async def converse(server: FtpServer, teller: Teller) -> Conversation:
    """
    Connect, encrypt and log in.

    Raises:
        ConnectError: one of them failed, or would have told a password to others.
    """
    _look_over(server, teller)
    # it reads the files of authorities
    context = await asyncio.to_thread(_make_context, server) if server.is_encrypted else None
    stream, peer = await reach(server, teller)
    conversation = Conversation(server, teller, stream, peer=peer, context=context)
    try:
        await conversation.log_in()
    except BaseException:
        conversation.abort()
        raise
    return conversation


def formatted(teller: Teller, verb: str, argument: str | None) -> bytes:
    """As `format_command`, with a ConnectError for what cannot be sent."""
    try:
        return format_command(verb, argument)
    except ValueError as error:
        raise teller.error("send", f"{verb} cannot be sent with what was given: {error}") from error


def _look_over(server: FtpServer, teller: Teller) -> None:
    """Refuse what would have to be refused later, before anything is sent."""
    formatted(teller, "USER", server.user)
    if server.password is None:
        return
    formatted(teller, "PASS", server.password.revealed)
    if not (server.is_confidential or server.may_be_overheard):
        raise teller.error(
            "login",
            "the password would go unencrypted to another machine",
            "Use ftps://, or say that it may be overheard: --unencrypted.",
        )


def _make_context(server: FtpServer) -> ssl.SSLContext:
    context = client_context(server.endpoint, _check_of(server))
    if server.at_most_tls12:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


def _check_of(server: FtpServer) -> Check:
    return checks_of(server.trust, server.host)[0]
