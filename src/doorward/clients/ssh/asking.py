"""One line asked from the beginning to the end over SSH, of a daemon or of another server."""

import asyncio
import contextlib
import shlex
import signal
import socket
from types import TracebackType
from typing import Self

import asyncssh

from doorward.clients._asking import (
    CANCEL_SECONDS,
    LOGIN_SECONDS,
    OnInterruptible,
    OutputTooLong,
    Reply,
    Request,
    Sink,
)
from doorward.clients._connecting import connect
from doorward.clients._endpoints import SshEndpoint
from doorward.clients._output import Output
from doorward.clients.ssh.configuration import Destination, destination_of
from doorward.clients.ssh.connecting import WINDOW_BYTES, Client, LoginRefused, client_options, log_in
from doorward.clients.ssh.hosts import Hosts, UnreadableHosts
from doorward.clients.ssh.sending import send_input
from doorward.clients.ssh.session import NoEnd, Session
from doorward.core.errors import BadArgument, BadLine, ConnectError
from doorward.core.limits import Limits
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
    most_bytes = Limits().frame_bytes
    try:
        if len(request.line.encode()) > most_bytes:
            raise BadArgument("", f"a line of at most {most_bytes} bytes", "a longer one")
    except UnicodeEncodeError:
        return Reply(outcome=Outcome(OutcomeKind.INVALID))  # RFC 4254 has commands in UTF-8
    with Conversation(endpoint, request, sink) as conversation, interruptible(conversation.interrupt):
        try:
            return conversation.hold()
        except LoginRefused as refused:
            return Reply(outcome=Outcome(OutcomeKind.REFUSED, reason=str(refused)))
        except OutputTooLong as error:
            raise ConnectError(endpoint.url, "read", "the output is too long to be kept") from error


class Conversation:
    """
    One line asked of one server, on a loop that runs while it is waited for.

    Args:
        endpoint: the server.
        request: what is asked, and by whom.
        sink: where the answer goes.
    """

    def __init__(self, endpoint: SshEndpoint, request: Request, sink: Sink) -> None:
        self._endpoint = endpoint
        self._request = request
        self._sink = sink
        # epoll, whose ways with a pipe that is left `_output` knows
        self._runner = asyncio.Runner(loop_factory=asyncio.SelectorEventLoop)
        self._to_stop = asyncio.Event()
        self._is_asked = False
        self._was_cancelled = False
        self._was_out_of_time = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._runner.close()

    def interrupt(self) -> bool:
        """
        Have the run cancelled; may be called in a signal handler.

        Returns:
            Whether its end will come; False when nothing was asked, or this was done before.
        """
        if not self._is_asked or self._was_cancelled:
            return False
        self._was_cancelled = True
        self._runner.get_loop().call_soon_threadsafe(self._to_stop.set)
        return True

    def hold(self) -> Reply:
        """
        Ask, and return how it ended.

        Raises:
            LoginRefused: whoever asks is not let in.
            OutputTooLong: the sink has no room.
            ConnectError, OSError: as `ask`.
        """
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
        output = Output()
        self._is_asked = True
        try:
            async with asyncio.TaskGroup() as group:
                guards = [
                    group.create_task(self._stop_in_time(channel, output, is_ours=is_ours)),
                    group.create_task(output.reader_left()),
                    group.create_task(send_input(self._request.input_descriptor, session, channel)),
                ]
                async for stream, data in session.output():
                    if (descriptor := self._sink.take(stream, data)) is not None:
                        await output.write(descriptor, data)
                for guard in guards:
                    guard.cancel()
        except BaseExceptionGroup as errors:
            # whatever ended one of them ended the others
            raise errors.exceptions[0] from errors.exceptions[0].__cause__
        finally:
            self._is_asked = False
            output.close()
        return self._reply(session)

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

    def _reply(self, session: Session) -> Reply:
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
        return Reply(
            outcome=outcome,
            number=session.number,
            drawing=session.drawing,
            was_cancelled=self._was_cancelled,
            was_out_of_time=self._was_out_of_time,
        )

    async def _stop_in_time(
        self, channel: asyncssh.SSHClientChannel[bytes], output: Output, *, is_ours: bool
    ) -> None:
        """
        Have the run cancelled when that is wanted, or when its time is over.

        Raises:
            ConnectError: it did not end then.
        """
        try:
            async with asyncio.timeout(self._request.timeout_seconds):
                await self._to_stop.wait()
        except TimeoutError:
            self._was_out_of_time = True
        seconds = CANCEL_SECONDS if is_ours else _OTHERS_CANCEL_SECONDS
        with contextlib.suppress(OSError):
            channel.send_signal("TERM" if self._was_out_of_time else "INT")
        await asyncio.sleep(seconds)
        # the end may be here already, behind output whose reader takes its time; Ctrl-C again leaves
        while output.is_writing and not self._was_out_of_time:  # noqa: ASYNC110 - looked at seldom
            await asyncio.sleep(seconds)
        raise ConnectError(
            self._endpoint.url,
            "read",
            f"the run was cancelled and did not end within {seconds:g} s",
            "`doorward runs` tells whether it still runs." if is_ours else "It may go on there.",
        )


def _line_for_shell(line: str) -> str:
    """`line` for a shell, which expands what our own rules of quoting leave bare."""
    try:
        return shlex.join(split_words(line))
    except BadLine:
        return line  # nobody who quotes words writes one; its shell will say so
