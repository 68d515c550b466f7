"""One command on a channel: what comes of it, within bounds, and how it ended."""

import asyncio
import signal
from collections import deque
from collections.abc import AsyncIterator

import asyncssh
from asyncssh.packet import Boolean, String

from doorward.core.errors import one_line
from doorward.core.launch import Stream
from doorward.core.outcome import Outcome, OutcomeKind
from doorward.core.told_ends import TELL, TOLD, read_end
from doorward.core.units import KIB

HELD_BYTES = 256 * KIB
"""Output that is taken from the channel before any of it was written."""

_MSG_CHANNEL_REQUEST = 98
"""Source: RFC 4250 section 4.1."""


class NoEnd(Exception):
    """The channel is closed, and how the command ended is not known; the message says why."""


class Session(asyncssh.SSHClientSession[bytes]):
    """
    The session of one command.

    Args:
        is_ours: the server is a daemon, which is asked to tell all that it knows of the end.

    Attributes:
        wants_input: set when stdin is to be sent.
        may_send: set while the server takes more of it.
        number: of the run; 0 as long as it is not known.
        drawing: what the output says as a table or a series; None for nothing.
    """

    _channel: asyncssh.SSHClientChannel[bytes]

    def __init__(self, *, is_ours: bool) -> None:
        self._is_ours = is_ours
        self._waiting: deque[tuple[Stream, bytes]] = deque()
        self._waiting_bytes = 0
        self._is_paused = False
        self._is_over = False
        self._lost: Exception | None = None
        self._news = asyncio.Event()
        self._outcome: Outcome | None = None
        self._problem = ""
        self.wants_input = asyncio.Event()
        self.may_send = asyncio.Event()
        self.may_send.set()
        self.number = 0
        self.drawing: object = None
        if not is_ours:
            self.wants_input.set()

    async def output(self) -> AsyncIterator[tuple[Stream, bytes]]:
        """Yield what comes, in order, until the channel is closed."""
        while True:
            while self._waiting:
                stream, data = self._waiting.popleft()
                yield stream, data
                self._waiting_bytes -= len(data)
                if self._is_paused and self._waiting_bytes < HELD_BYTES // 2:
                    self._is_paused = False
                    self._channel.resume_reading()
            if self._is_over:
                return
            self._news.clear()
            await self._news.wait()

    def outcome(self) -> Outcome:
        """
        How it ended, once the channel is closed.

        Raises:
            NoEnd: the server did not say so.
        """
        if self._outcome is not None:
            return self._outcome
        if not self._problem:
            self._problem = (
                "the connection was lost"
                if self._lost is not None
                else "the server closed the channel, and did not say how the command ended"
            )
        raise NoEnd(self._problem)

    # What AsyncSSH tells

    def connection_made(self, chan: asyncssh.SSHClientChannel[bytes]) -> None:
        self._channel = chan
        chan.set_write_buffer_limits(HELD_BYTES)
        if self._is_ours:
            chan.send_packet(_MSG_CHANNEL_REQUEST, String(TELL), Boolean(value=False))

    def data_received(self, data: bytes, datatype: int | None) -> None:
        stream = Stream.OUT if datatype is None else Stream.ERR
        self._waiting.append((stream, data))
        self._waiting_bytes += len(data)
        if self._waiting_bytes >= HELD_BYTES and not self._is_paused:
            self._is_paused = True
            self._channel.pause_reading()
        self._news.set()

    def eof_received(self) -> bool:
        return True  # stdin may go on

    def xon_xoff_requested(self, client_can_do: bool) -> None:  # noqa: FBT001 - not ours
        if client_can_do:
            self.wants_input.set()

    def exit_status_received(self, status: int) -> None:
        self._outcome = Outcome(OutcomeKind.EXITED, status=status)

    def exit_signal_received(self, signal: str, core_dumped: bool, msg: str, lang: str) -> None:  # noqa: FBT001 - not ours
        if signal == TOLD and self._is_ours:
            self._hear_end(msg)
        else:
            self._outcome = _killed_by(signal)

    def pause_writing(self) -> None:
        self.may_send.clear()

    def resume_writing(self) -> None:
        self.may_send.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_over = True
        self._lost = exc
        self.may_send.set()
        self._news.set()

    def _hear_end(self, message: str) -> None:
        try:
            self._outcome, self.number, self.drawing = read_end(message)
        except ValueError as error:
            self._problem = f"how the command ended is not understood: {error}"


def _killed_by(name: str) -> Outcome:
    try:
        number = signal.Signals[f"SIG{name}"]
    except KeyError:
        return Outcome(
            OutcomeKind.FAILED, reason=f"killed by a signal, which the server calls {one_line(name)[:60]}"
        )
    return Outcome(OutcomeKind.SIGNALLED, signal=number)
