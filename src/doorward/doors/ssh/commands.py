"""`ssh host COMMAND`: one line of the catalogue, with its own streams and its own end."""

from collections.abc import Mapping

from doorward.core.limits import Limits
from doorward.core.outcome import Outcome, OutcomeKind
from doorward.doors.ssh.keyboard import Keyboard, Typed
from doorward.doors.ssh.output import Output
from doorward.doors.ssh.reading import Reading
from doorward.service.caller import Caller
from doorward.service.desk import Desk


class OneCommand:
    """
    One command, which ends the session with it.

    Args:
        desk: that is asked.
        caller: who asks.
        output: of the session.
        line: what they asked for.
        limits: of lines.
        modes: of the client's terminal, if it has one.
    """

    def __init__(
        self,
        desk: Desk,
        caller: Caller,
        output: Output,
        line: str,
        *,
        limits: Limits,
        modes: Mapping[int, int],
    ) -> None:
        self._reading = Reading(desk, caller, output, self._end)
        self._output = output
        self._line = line
        self._limits = limits
        self._keyboard = Keyboard(modes) if output.is_terminal else None

    def begin(self) -> None:
        """See `Program`."""
        if too_long := line_problem(self._line, self._limits):
            self._output.end(too_long)
            return
        self._reading.ask(self._line, can_give_input=True)
        if self._output.is_told and self._reading.takes_input:
            self._output.want_input()
        self._reading.hear_news()

    def receive_data(self, data: bytes) -> None:
        """See `Program`; what a command does not read is dropped, but for Ctrl-C at a terminal."""
        if self._keyboard is None:
            self._reading.write_input(data)
        else:
            self._type(self._keyboard, data)

    def receive_eof(self) -> None:
        """See `Program`."""
        self._reading.end_input()

    def interrupt(self) -> None:
        """See `Program`."""
        self._reading.cancel()

    def resize(self) -> None:
        """See `Program`; a command has no terminal of its own."""

    def hear_news(self) -> None:
        """See `Program`."""
        self._reading.hear_news()

    def finish(self) -> None:
        """See `Program`; it ends with its answer anyway."""

    def leave(self) -> None:
        """See `Program`."""
        self._reading.leave()

    def _type(self, keyboard: Keyboard, data: bytes) -> None:
        echo, is_interrupted = bytearray(), False
        for typed, line, shown in keyboard.receive(data):
            if self._reading.takes_input or typed is Typed.INTERRUPT:
                echo += shown
            match typed:
                case Typed.NOTHING_YET:
                    pass
                case Typed.LINE:
                    self._reading.write_input(line)
                case Typed.END:
                    self._reading.end_input()
                case Typed.INTERRUPT:
                    is_interrupted = True
                    break
        # at once: a packet for each key would take a second of the loop
        self._output.show(bytes(echo))
        if is_interrupted:
            self._reading.cancel()

    def _end(self, outcome: Outcome, _leaves: bool) -> None:  # noqa: FBT001 - a callback
        number = self._reading.number
        drawing = self._reading.drawing() if self._output.is_told else None
        self._output.end(outcome, number=number, drawing=drawing)


def line_problem(line: str, limits: Limits) -> Outcome | None:
    """What is wrong with a line that is too long for any door; None when it is not."""
    if len(line.encode("utf-8", "surrogatepass")) <= limits.line_bytes:
        return None
    return Outcome(OutcomeKind.INVALID, reason=f"expected a line of at most {limits.line_bytes} bytes")
