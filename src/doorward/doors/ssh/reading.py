"""One answer of the desk, handed on to a session as far as its client takes it."""

from collections.abc import Callable

from doorward.core.launch import Stream
from doorward.core.outcome import Outcome
from doorward.doors.ssh.output import Output
from doorward.service.answer import Answer
from doorward.service.caller import Caller
from doorward.service.desk import Desk

OnEnd = Callable[[Outcome, bool], None]
"""Is told how it ended, and whether the asker wants to go."""

Write = Callable[[Stream, bytes], None]


class Reading:
    """
    One answer, from the line that asked for it to its end.

    Args:
        desk: that is asked.
        caller: who asks.
        output: where the answer goes.
        on_end: called once, after all of it went there; not before `ask` returns.
        write: hands over output; that of `output` when left out.
    """

    def __init__(
        self, desk: Desk, caller: Caller, output: Output, on_end: OnEnd, *, write: Write | None = None
    ) -> None:
        self._desk = desk
        self._caller = caller
        self._output = output
        self._write = write or output.write
        self._on_end = on_end
        self._answer: Answer | None = None

    @property
    def takes_input(self) -> bool:
        """Whether the command wants what the client types or sends."""
        return self._answer is not None and self._answer.takes_input

    def ask(self, line: str, *, can_give_input: bool) -> None:
        """Ask; `hear_news` is to be called afterwards."""
        self._answer = self._desk.ask(self._caller, line, self.hear_news, can_give_input=can_give_input)

    def hear_news(self) -> None:
        """There may be more of the answer, or more room for it."""
        answer = self._answer
        if answer is None:
            return
        while self._output.may_write and (chunk := answer.take()) is not None:
            self._write(*chunk)
        if (outcome := answer.outcome) is not None and self._answer is answer and self._output.may_write:
            self._answer = None
            self._on_end(outcome, answer.leaves)

    def write_input(self, data: bytes) -> None:
        """Hand on what the client sent; it is dropped when the command wants none."""
        if self._answer is not None:
            self._desk.write_input(self._answer, data)

    def end_input(self) -> None:
        """Hand on that the client sends no more."""
        if self._answer is not None:
            self._desk.end_input(self._answer)

    def cancel(self) -> None:
        """Have the run end, as far as it is the caller's alone."""
        if self._answer is not None:
            self._desk.cancel(self._caller, self._answer)

    def leave(self) -> None:
        """Read no more; idempotent."""
        if self._answer is not None:
            answer, self._answer = self._answer, None
            self._desk.leave(answer)
