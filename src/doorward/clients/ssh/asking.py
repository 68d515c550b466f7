"""One line asked from the beginning to the end over SSH, of a daemon or of another server."""

import asyncio
import contextlib
import shlex
import signal
import socket

import asyncssh

from doorward.clients._asking import CANCEL_SECONDS, LOGIN_SECONDS, OnInterruptible, Reply, Request, Sink
from doorward.clients._connecting import connect
from doorward.clients._conversation import Cancelling, Conversation, Deliver, asked
from doorward.clients._endpoints import SshEndpoint
from doorward.clients.ssh.configuration import Destination, destination_of
from doorward.clients.ssh.connecting import WINDOW_BYTES, Client, client_options, log_in
from doorward.clients.ssh.hosts import Hosts, UnreadableHosts
from doorward.clients.ssh.sending import send_input
from doorward.clients.ssh.session import NoEnd, Session
from doorward.core.errors import BadLine, ConnectError
from doorward.core.outcome import Outcome, OutcomeKind
from doorward.core.told_ends import SERVER_NAME
from doorward.core.words import split_words

_CLOSE_SECONDS = 1.0
_OTHERS_CANCEL_SECONDS = 5.0
"""
How long a server that is no daemon may take to end a command: sshd passes no signal on for root, or where a
command is forced, and says nothing about it.
"""

_STOPPING = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGKILL})


def ask(endpoint: SshEndpoint, request: Request, sink: Sink, *, interruptible: OnInterruptible) -> Reply:
    """
    Ask, and hand the answer to `sink` as it comes; blocks until it is complete.

    A daemon splits the line as POSIX has it; another server hands it to the shell of whoever logs in.

    Raises:
        ConnectError: the peer cannot be reached, trusted or understood, or was lost before the end.
        BadArgument: the line cannot be sent.
        OSError: what `sink` writes to takes no more.
    """
    return asked(
        lambda: SshConversation(endpoint, request, sink),
        url=endpoint.url,
        request=request,
        interruptible=interruptible,
    )


class SshConversation(Conversation):
    """
    One line asked of one server of SSH.

    Args:
        endpoint: the server.
        request: what is asked, and by whom.
        sink: where the answer goes.
    """

    def __init__(self, endpoint: SshEndpoint, request: Request, sink: Sink) -> None:
        super().__init__(endpoint.url, request, sink)
        self._endpoint = endpoint

    def hold(self) -> Reply:
        """See `Conversation`."""
        destination = destination_of(self._endpoint)
        try:
            hosts = Hosts(destination)
        except UnreadableHosts as error:
            raise ConnectError(self._endpoint.url, "SSH", str(error)) from error
        client = Client(destination, hosts, self._request)
        options = client_options(destination, hosts, client)
        connected = connect(destination.endpoint, within_seconds=self._request.connect_seconds)
        with contextlib.closing(connected):
            return self._runner.run(self._converse(destination, options, client, connected))

    # On the loop

    async def _converse(
        self,
        destination: Destination,
        options: asyncssh.SSHClientConnectionOptions,
        client: Client,
        connected: socket.socket,
    ) -> Reply:
        connection = await log_in(
            destination, options, client, connected, within_seconds=self._request.connect_seconds
        )
        try:
            reply = await self._ask(connection)
        except BaseException:
            connection.abort()
            raise
        connection.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await connection.wait_closed()
        return reply

    async def _ask(self, connection: asyncssh.SSHClientConnection) -> Reply:
        is_ours = connection.get_extra_info("server_version") == f"SSH-2.0-{SERVER_NAME}"
        session = Session(is_ours=is_ours)
        line = self._request.line if is_ours else _line_for_shell(self._request.line)
        channel = await self._open(connection, session, line)

        async def answer(deliver: Deliver) -> None:
            async for stream, data in session.output():
                await deliver(stream, data)

        async def cancel() -> None:
            with contextlib.suppress(OSError):
                channel.send_signal("TERM" if self._was_out_of_time else "INT")

        cancelling = Cancelling(
            cancel=cancel,
            within_seconds=CANCEL_SECONDS if is_ours else _OTHERS_CANCEL_SECONDS,
            otherwise="`doorward runs` tells whether it still runs." if is_ours else "It may go on there.",
        )
        sending = send_input(self._request.input_descriptor, session, channel)
        await self._deliver_all(answer, cancelling, sending)
        return self._reply_of(session)

    async def _open(
        self, connection: asyncssh.SSHClientConnection, session: Session, line: str
    ) -> asyncssh.SSHClientChannel[bytes]:
        try:
            async with asyncio.timeout(LOGIN_SECONDS):
                channel, _ = await connection.create_session(
                    lambda: session, command=line, window=WINDOW_BYTES
                )
        except TimeoutError as error:
            problem = f"no answer within {LOGIN_SECONDS:g} s"
            raise ConnectError(self._endpoint.url, "send", problem) from error
        except (asyncssh.Error, OSError) as error:
            said = " ".join(str(error).split())[:200]
            raise ConnectError(self._endpoint.url, "send", f"it takes no command: {said}") from error
        return channel

    def _reply_of(self, session: Session) -> Reply:
        try:
            outcome = session.outcome()
        except NoEnd as error:
            step = "What came may be incomplete."
            raise ConnectError(
                self._endpoint.url, "read", f"{error}, before the answer was complete", step
            ) from error
        stopped = self._was_cancelled or self._was_out_of_time
        if stopped and outcome.kind is OutcomeKind.SIGNALLED and outcome.signal in _STOPPING:
            outcome = Outcome(OutcomeKind.CANCELLED, signal=outcome.signal)
        return self._reply(outcome, number=session.number, drawing=session.drawing)


def _line_for_shell(line: str) -> str:
    """`line` for a shell, which expands what our own rules of quoting leave bare."""
    try:
        return shlex.join(split_words(line))
    except BadLine:
        return line  # nobody who quotes words writes one; its shell will say so
