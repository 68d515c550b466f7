"""A mail server that takes everything, delivers nothing, and shows what it got."""

import asyncio
import logging
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from doorward.core.errors import ListenError

HOST = "127.0.0.1"

_CONNECTIONS = 50
_RECIPIENTS = 1000
_IDLE_SECONDS = 300.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """
    A message that was taken.

    Attributes:
        number: counted from 1.
        sender: of the envelope; empty for the null sender.
        recipients: of the envelope.
        user: who logged in; empty for nobody. Any password is right.
        content: as it came.
    """

    number: int
    sender: str
    recipients: tuple[str, ...]
    user: str
    content: bytes


def run_sink(
    *, port: int, message_bytes: int, on_open: Callable[[int], None], on_taken: Callable[[Taken], None]
) -> None:
    """
    Take mail on a port of loopback until SIGINT or SIGTERM.

    Args:
        port: 0 for a free one.
        message_bytes: the most that one message may have.
        on_open: told the port once it is listened on.
        on_taken: told of each message, in a thread, before it is acknowledged.

    Raises:
        ListenError: the port is taken.
        OSError: `on_taken` could not show a message.
    """
    # the library tells each command of each peer, as it came
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)
    asyncio.run(_serve(port, message_bytes, on_open, on_taken))


async def _serve(
    port: int, message_bytes: int, on_open: Callable[[int], None], on_taken: Callable[[Taken], None]
) -> None:
    loop = asyncio.get_running_loop()
    sink = _Sink(on_taken)
    for number in _SIGNALS:
        loop.add_signal_handler(number, sink.ended.set)
    host_name = socket.gethostname()

    def meet() -> SMTP:
        return _Peer(
            sink,
            data_size_limit=message_bytes,
            enable_SMTPUTF8=True,
            hostname=host_name,
            ident="Doorward mail sink",
            timeout=_IDLE_SECONDS,
            auth_require_tls=False,
            authenticator=_let_in,
            command_call_limit={"RCPT": _RECIPIENTS, "*": _RECIPIENTS},
            loop=loop,
        )

    try:
        server = await loop.create_server(meet, HOST, port)
    except OSError as error:
        raise ListenError("mail sink", f"{HOST}:{port}", error.strerror or str(error)) from error
    try:
        on_open(server.sockets[0].getsockname()[1])
        await sink.ended.wait()
    finally:
        server.close()
        for peer in list(sink.peers):
            peer.leave()
    if sink.failure is not None:
        raise sink.failure


def _let_in(
    _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: object
) -> AuthResult:
    login = data.login if isinstance(data, LoginPassword) else b""
    return AuthResult(success=True, auth_data=login.decode("utf-8", "replace"))


class _Sink:
    """What all peers share; the handlers are called by the library."""

    def __init__(self, on_taken: Callable[[Taken], None]) -> None:
        self.ended = asyncio.Event()
        self.failure: OSError | None = None
        self.peers: set[_Peer] = set()
        self._on_taken = on_taken
        self._taken = 0
        self._showing = asyncio.Lock()

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        async with self._showing:
            self._taken += 1
            user: object = session.auth_data
            taken = Taken(
                number=self._taken,
                # the library keeps the angle brackets of the null sender
                sender=(envelope.mail_from or "").removeprefix("<>"),
                recipients=tuple(envelope.rcpt_tos),
                user=user if isinstance(user, str) else "",
                content=envelope.original_content or b"",
            )
            try:
                await asyncio.to_thread(self._on_taken, taken)
            except OSError as error:
                self.failure = error
                self.ended.set()
                return "451 4.3.0 the sink cannot show it"
        return f"250 2.0.0 taken as {taken.number}"


class _Peer(SMTP):
    """One connection."""

    _sink: _Sink

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        sink: _Sink = self.event_handler
        self._sink = sink
        if len(sink.peers) >= _CONNECTIONS and isinstance(transport, asyncio.Transport):
            transport.write(b"421 4.3.2 too many connections\r\n")
            transport.close()
        sink.peers.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._sink.peers.discard(self)
        super().connection_lost(error)

    def leave(self) -> None:
        """Close it at once."""
        if isinstance(self.transport, asyncio.Transport):
            self.transport.abort()
