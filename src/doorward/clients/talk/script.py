"""A conversation written down, as values: what is waited for, and what is sent."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from doorward.core.errors import DoorwardError, one_line


@dataclass(eq=False)
class ScriptError(DoorwardError):
    """
    A script that cannot be played.

    Attributes:
        file: its path; empty for the words of a command line.
        line: counted from 1; 0 where there is none.
        problem: what is wrong, and what could stand there.
    """

    file: str
    line: int
    problem: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " if self.line else f"{self.file}: " if self.file else ""
        return one_line(f"{place}{self.problem}")


@dataclass(frozen=True, slots=True)
class Send:
    """
    Send something.

    Attributes:
        data: the bytes.
        is_line: the end of a line follows.
    """

    data: bytes
    is_line: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SendSecret:
    """
    Send what stands elsewhere, with the end of a line.

    Attributes:
        file: whose first line it is; empty for none.
        variable: of the environment; empty for none.
    """

    file: str = ""
    variable: str = ""


@dataclass(frozen=True, slots=True)
class ExpectEnd:
    """Wait until the peer ends the conversation."""


@dataclass(frozen=True, slots=True)
class EndSide:
    """End our side."""


@dataclass(frozen=True, slots=True)
class Label:
    """A place to go to."""

    name: str


@dataclass(frozen=True, slots=True)
class Goto:
    """Go on there."""

    name: str


@dataclass(frozen=True, slots=True)
class Exit:
    """Be done, with this status, 0 to 255."""

    status: int


@dataclass(frozen=True, slots=True)
class Branch:
    """
    A pattern, and what is done when it matched.

    Attributes:
        pattern: compiled, with `re.MULTILINE`.
        steps: without labels.
    """

    pattern: re.Pattern[str]
    steps: tuple["Step", ...] = ()


@dataclass(frozen=True, slots=True)
class Expect:
    """
    Wait for one of several patterns.

    Attributes:
        branches: at least one.
        line: where it stands, counted from 1.
    """

    branches: tuple[Branch, ...]
    line: int = 0


Step = Send | SendSecret | ExpectEnd | EndSide | Label | Goto | Exit | Expect


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """
    A conversation.

    Attributes:
        steps: in order.
        seconds: for all of it; None for what is usual.
    """

    steps: tuple[Step, ...]
    seconds: float | None = None

    def secrets(self) -> Iterator[SendSecret]:
        """Those that will be sent, perhaps."""
        return (each for each in _all_steps(self.steps) if isinstance(each, SendSecret))


def _all_steps(steps: tuple[Step, ...]) -> Iterator[Step]:
    for step in steps:
        yield step
        if isinstance(step, Expect):
            for branch in step.branches:
                yield from _all_steps(branch.steps)
