"""One session of a connection: what its client asks for becomes a command, lines from a pipe, or a prompt."""

from collections.abc import Mapping
from typing import Protocol

import asyncssh

from doorward.core.limits import Limits
from doorward.core.outcome import Outcome, OutcomeKind
from doorward.doors.ssh.commands import OneCommand
from doorward.doors.ssh.door import SshDoor
from doorward.doors.ssh.guarded import GuardedChannel
from doorward.doors.ssh.output import Output
from doorward.doors.ssh.piped import PipedLines
from doorward.doors.ssh.prompt import Prompt
from doorward.service.caller import Caller

_TERM_CHARACTERS = 64
_CANCELLED_BY = frozenset({"HUP", "INT", "KILL", "QUIT", "TERM"})
_COPYING = frozenset({"scp", "rsync", "sftp-server"})
"""Programs that clients ask for by themselves when they are to copy files."""


class Host(Protocol):
    """
    The connection, as its sessions see it.

    Attributes:
        door: whose it is.
    """

    door: SshDoor

    @property
    def may_write(self) -> bool:
        """Whether more output can be handed over."""

    def session_ended(self, session: "Session") -> None:
        """Hear that a session is over."""

    def refused(self, what: str) -> None:
        """Hear that something was asked for that is not there."""


class Program(Protocol):
    """What a session does for its client."""

    def begin(self) -> None:
        """Begin: the client knows that it is there."""

    def receive_data(self, data: bytes) -> None:
        """Take what the client typed or sent."""

    def receive_eof(self) -> None:
        """Hear that it sends no more."""

    def interrupt(self) -> None:
        """Stop what is under way, as by Ctrl-C."""

    def resize(self) -> None:
        """Hear that the terminal has another size."""

    def hear_news(self) -> None:
        """There may be more to write, or more room for it."""

    def finish(self) -> None:
        """End, after the answer that is under way."""

    def leave(self) -> None:
        """The client is gone."""


class Session(asyncssh.SSHServerSession[bytes]):
    """One session."""

    _channel: GuardedChannel
    _output: Output

    def __init__(self, host: Host, caller: Caller) -> None:
        self._host = host
        self._caller = caller
        self._program: Program | None = None
        self._modes: Mapping[int, int] = {}
        self._is_over = False
        self._is_made = False

    @property
    def is_open(self) -> bool:
        """Neither side has closed it; one that is not even made counts too."""
        return not (self._is_over or (self._is_made and self._channel.is_closing()))

    # What AsyncSSH tells

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        if not isinstance(chan, GuardedChannel):
            raise TypeError("a channel that nobody watches over")
        self._channel = chan
        self._is_made = True
        limits = self._limits
        chan.set_write_buffer_limits(limits.frame_bytes)
        self._output = Output(
            chan,
            self._host.door.clock,
            stalled_seconds=limits.stalled_write_seconds,
            may_write=lambda: self._host.may_write,
        )

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_over = True
        self._output.close()
        if self._program is not None:
            self._program.leave()
        self._host.session_ended(self)

    def pty_requested(
        self, term_type: str, term_size: tuple[int, int, int, int], term_modes: Mapping[int, int]
    ) -> bool:
        if len(term_type) > _TERM_CHARACTERS or not term_type.isprintable():
            return False
        self._output.is_terminal = True
        self._modes = term_modes
        return True

    def exec_requested(self, command: str) -> bool:
        self._program = OneCommand(
            self._host.door.desk, self._caller, self._output, command, limits=self._limits, modes=self._modes
        )
        words = command.split(None, 1)
        if words and words[0].rpartition("/")[2] in _COPYING and not self._has_command(words[0]):
            self._host.refused(f"{words[0]}: copying files")
        return True

    def shell_requested(self) -> bool:
        if self._output.is_terminal:
            self._program = Prompt(self._host.door, self._caller, self._output, self._channel)
        else:
            self._program = PipedLines(
                self._host.door.desk,
                self._caller,
                self._output,
                self._channel,
                clock=self._host.door.clock,
                limits=self._limits,
            )
        return True

    def subsystem_requested(self, subsystem: str) -> bool:
        self._host.refused(f"the subsystem {subsystem}")
        return False

    def session_started(self) -> None:
        if self._program is not None:
            self._program.begin()

    def data_received(self, data: bytes, datatype: int | None) -> None:
        if self._program is not None:
            self._program.receive_data(data)

    def eof_received(self) -> bool:
        if self._program is not None:
            self._program.receive_eof()
        return True  # the answer goes on

    def signal_received(self, signal: str) -> None:
        if self._program is not None and signal.removeprefix("SIG") in _CANCELLED_BY:
            self._program.interrupt()

    def break_received(self, msec: int) -> bool:
        if self._program is not None:
            self._program.interrupt()
        return self._program is not None

    def terminal_size_changed(self, width: int, height: int, pixwidth: int, pixheight: int) -> None:
        if self._program is not None:
            self._program.resize()

    def pause_writing(self) -> None:
        self._output.pause()

    def resume_writing(self) -> None:
        self._output.resume()
        self.hear_news()

    # What the connection tells

    def hear_news(self) -> None:
        """There may be more to write, or more room for it."""
        if self._program is not None and not self._is_over:
            self._program.hear_news()

    def finish(self) -> None:
        """End, after the answer that is under way."""
        if self._program is not None:
            self._program.finish()
        elif self._is_made:
            self._output.end(Outcome(OutcomeKind.BUSY, reason="the daemon is being stopped"))

    # Inside

    @property
    def _limits(self) -> Limits:
        return self._host.door.limits

    def _has_command(self, name: str) -> bool:
        return name in self._host.door.desk.commands_seen_by(self._caller)
