"""`ssh host < lines`: no terminal and no command, so each line that comes is asked for in its turn."""

from doorward.core.limits import Limits
from doorward.core.outcome import SUCCESS, Outcome, OutcomeKind
from doorward.core.ports import Clock
from doorward.doors.ssh.guarded import GuardedChannel
from doorward.doors.ssh.output import Output, remarks
from doorward.doors.ssh.reading import Reading
from doorward.service.caller import Caller
from doorward.service.desk import Desk

_LF = b"\n"
_TURN_LINES = 32
"""Asked for at a time: a client that sends a thousand lines at once holds up nobody."""


class PipedLines:
    """
    Lines, answered one after the other; the last one's status is the session's.

    A command's own input cannot be told from the next line here, so one that reads some is refused.
    """

    def __init__(
        self,
        desk: Desk,
        caller: Caller,
        output: Output,
        channel: GuardedChannel,
        *,
        clock: Clock,
        limits: Limits,
    ) -> None:
        self._channel = channel
        self._clock = clock
        self._desk = desk
        self._caller = caller
        self._output = output
        self._limits = limits
        self._waiting = b""
        self._reading: Reading | None = None
        self._has_ended = False
        self._is_going_on = False
        self._is_over = False
        self._last = SUCCESS

    def begin(self) -> None:
        """See `Program`."""
        self._go_on()

    def receive_data(self, data: bytes) -> None:
        """See `Program`."""
        if not self._has_ended:
            self._waiting += data
            self._go_on()

    def receive_eof(self) -> None:
        """See `Program`; a last line may lack its ending."""
        self._has_ended = True
        if self._waiting and not self._waiting.endswith(_LF):
            self._waiting += _LF
        self._go_on()

    def interrupt(self) -> None:
        """See `Program`."""
        if self._reading is not None:
            self._reading.cancel()

    def resize(self) -> None:
        """See `Program`; there is no terminal."""

    def hear_news(self) -> None:
        """See `Program`."""
        if self._reading is not None:
            self._reading.hear_news()

    def finish(self) -> None:
        """See `Program`."""
        self._has_ended, self._waiting = True, b""
        self._go_on()

    def leave(self) -> None:
        """See `Program`."""
        if self._reading is not None:
            self._reading.leave()

    def _go_on(self) -> None:
        """Ask for lines as long as they are answered at once; end when no more can come."""
        if self._is_going_on or self._is_over or self._channel.is_closing():
            return
        self._is_going_on = True
        asked = 0
        while self._reading is None and asked < _TURN_LINES and (line := self._take_line()) is not None:
            self._ask(line)
            asked += 1
        self._is_going_on = False
        self._rest(has_more=asked == _TURN_LINES)

    def _rest(self, *, has_more: bool) -> None:
        if self._is_over or self._channel.is_closing():
            return
        if self._reading is not None or has_more:
            # a file of lines may be larger than what is kept here, and each line may take its time
            self._channel.pause_reading()
            if self._reading is None:
                self._clock.call_later(0, self._go_on)
        elif self._has_ended:
            self._end(self._last)
        else:
            self._channel.resume_reading()

    def _take_line(self) -> bytes | None:
        """The next line that is not blank, without its ending; None until there is one."""
        # blank ones go together: the rest is copied for each line, and a packet may hold 32,768 of them
        self._waiting = self._waiting.lstrip()
        line, ending, rest = self._waiting.partition(_LF)
        if len(line) > self._limits.line_bytes:
            reason = f"expected lines of at most {self._limits.line_bytes} bytes"
            self._end(Outcome(OutcomeKind.INVALID, reason=reason))
            return None
        if not ending:
            return None
        self._waiting = rest
        return line.rstrip(b"\r")

    def _ask(self, line: bytes) -> None:
        self._say_what_came()
        try:
            text = line.decode()
        except UnicodeDecodeError:
            self._last = Outcome(OutcomeKind.INVALID)
            return
        self._reading = Reading(self._desk, self._caller, self._output, self._answered)
        self._reading.ask(text, can_give_input=False)
        self._reading.hear_news()

    def _answered(self, outcome: Outcome, leaves: bool) -> None:  # noqa: FBT001 - a callback
        self._reading = None
        self._last = outcome
        if leaves:
            self._has_ended, self._waiting = True, b""
        self._go_on()

    def _say_what_came(self) -> None:
        """Tell of the line before, whose end is not the session's."""
        for remark in remarks(self._last):
            self._output.say(remark)

    def _end(self, outcome: Outcome) -> None:
        self._is_over = True
        self._output.end(outcome)
