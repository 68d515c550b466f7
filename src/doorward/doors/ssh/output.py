"""What a session writes by: its channel, with the bounds that its client is held to."""

import signal
from collections.abc import Callable, Mapping
from functools import partial

import asyncssh

from doorward.core.errors import one_line
from doorward.core.launch import Stream
from doorward.core.outcome import LEFT, Outcome, OutcomeKind, last_lines, reason_words
from doorward.core.ports import Clock, Timer
from doorward.core.told_ends import TOLD, tell_end
from doorward.doors.ssh.guarded import GuardedChannel

_RFC_SIGNALS = frozenset(
    {"ABRT", "ALRM", "FPE", "HUP", "ILL", "INT", "KILL", "PIPE", "QUIT", "SEGV", "TERM", "USR1", "USR2"}
)
"""Source: RFC 4254 section 6.10; any other is `SIG@openssh.com`, as sshd says it."""

_SAID_BY_EXIT = frozenset({OutcomeKind.EXITED, OutcomeKind.SIGNALLED})


class Output:
    """
    The way out of one session.

    Args:
        channel: it.
        clock: the daemon's.
        stalled_seconds: how long a client may take nothing before its session ends.
        may_write: whether the connection takes more.

    Attributes:
        is_terminal: the client has one, so a line ends with CR LF and there is one stream.
    """

    def __init__(
        self,
        channel: GuardedChannel,
        clock: Clock,
        *,
        stalled_seconds: float,
        may_write: Callable[[], bool],
    ) -> None:
        self._channel = channel
        self._clock = clock
        self._stalled_seconds = stalled_seconds
        self._connection_may_write = may_write
        self._is_paused = False
        self._timer: Timer | None = None
        self.is_terminal = False

    @property
    def may_write(self) -> bool:
        """Whether more can be handed over."""
        return not self._is_paused and self._connection_may_write() and not self._channel.is_closing()

    def write(self, stream: Stream, data: bytes) -> None:
        """Hand over output of a command, byte for byte where the client has no terminal."""
        if self._channel.is_closing():
            return
        if self.is_terminal:
            self._channel.write(data.replace(b"\n", b"\r\n"))
        else:
            self._channel.write(data, asyncssh.EXTENDED_DATA_STDERR if stream is Stream.ERR else None)

    def show(self, data: bytes) -> None:
        """
        Show at the client's terminal what was typed there.

        While it takes nothing, that is dropped, as by the driver of a terminal: a few keys can ask for much.
        """
        if data and self.may_write:
            self.write(Stream.OUT, data.replace(b"\r\n", b"\n"))

    def say(self, text: str) -> None:
        """Hand over a line of ours."""
        self.write(Stream.ERR, f"doorward: {one_line(text)}\n".encode("utf-8", "replace"))

    @property
    def is_told(self) -> bool:
        """The client is told how it ended, and by what number, in our own words."""
        return self._channel.is_told

    def want_input(self) -> None:
        """Tell a client that is told more that its stdin is wanted."""
        if not self._channel.is_closing():
            self._channel.set_xon_xoff(client_can_do=True)

    def end(self, outcome: Outcome, *, number: int = 0, drawing: Mapping[str, object] | None = None) -> None:
        """
        Say how it ended, and close the channel once all was taken.

        Args:
            outcome: how.
            number: of the run; 0 for none.
            drawing: what the output says as a table or a series, for a client that is told more.
        """
        if self.is_told:
            self._channel.exit_with_signal(TOLD, msg=tell_end(outcome, number=number, drawing=drawing))
        else:
            self._end_in_words(outcome)
        if self._channel.get_write_buffer_size():
            self._begin_to_wait()

    def pause(self) -> None:
        """Hear that the client takes no more for now."""
        self._is_paused = True
        self._begin_to_wait()

    def resume(self) -> None:
        """Hear that it does again."""
        self._is_paused = False
        if not self._channel.is_closing():
            self.close()

    def close(self) -> None:
        """Wait for the client no more; idempotent."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _end_in_words(self, outcome: Outcome) -> None:
        for remark in remarks(outcome):
            self.say(remark)
        if outcome.kind is OutcomeKind.SIGNALLED and outcome.signal:
            self._channel.exit_with_signal(_name_of(outcome.signal))
        else:
            self._channel.exit(outcome.exit_status)

    def _begin_to_wait(self) -> None:
        if self._timer is None:
            self._timer = self._clock.call_later(
                self._stalled_seconds, partial(GuardedChannel.abort, self._channel)
            )


def remarks(outcome: Outcome) -> list[str]:
    """What is told in words, beside the exit status."""
    if outcome.kind is LEFT.kind and outcome.reason == LEFT.reason:
        return ["left; it goes on for others"]
    cut = [f"output cut at {outcome.cut_at_bytes} bytes"] if outcome.cut_at_bytes else []
    if outcome.kind in _SAID_BY_EXIT:
        return cut
    if reason := reason_words(outcome, help_words="help"):
        return [*cut, reason]
    return last_lines(outcome)


def _name_of(number: int) -> str:
    try:
        name = signal.Signals(number).name.removeprefix("SIG")
    except ValueError:
        name = ""
    return name if name in _RFC_SIGNALS else "SIG@openssh.com"
