"""What asking a daemon is, over whatever it is asked: a request, where its output goes, and how it ended."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from doorward.clients._endpoints import CONNECT_SECONDS
from doorward.core.launch import Stream
from doorward.core.outcome import Outcome
from doorward.core.secret import Secret

CANCEL_SECONDS = 15.0
"""How long the end of a cancelled run is waited for: TERM, 5 s, KILL, 5 s, and some more."""

LOGIN_SECONDS = 30.0
"""How long the daemon may think about a login: 16 checks of 200 ms may wait before it, several times over."""

PIPE_BYTES = 4096
"""What a pipe takes without blocking once poll(2) calls it writable: PIPE_BUF of pipe(7)."""

OnInterruptible = Callable[[Callable[[], bool]], contextlib.AbstractContextManager[object]]
"""Given what cancels the run; inside the context, the first Ctrl-C calls it. The cancelling function says
whether an end will come; when it does not, leave."""


class OutputLeft(BrokenPipeError):
    """Whoever read what was written has left, which is noticed although nothing is written."""


class OutputTooLong(Exception):
    """More output than is kept; a client makes a `ConnectError` of it."""


class Sink(Protocol):
    """Where a run's output goes."""

    def take(self, stream: Stream, data: bytes) -> int | None:
        """
        Take output, not empty, in order.

        Returns:
            The descriptor that all of `data` is to be written to while the connection goes on; None for none.

        Raises:
            OutputTooLong: there is no room for it.
        """


@dataclass(frozen=True, slots=True)
class Descriptors:
    """Output goes to two open files, byte for byte and as it comes."""

    out: int = 1
    err: int = 2

    def take(self, stream: Stream, data: bytes) -> int | None:
        return self.out if stream is Stream.OUT else self.err


@dataclass(slots=True)
class Kept:
    """
    Output is kept.

    Attributes:
        most_bytes: of both streams.
        out, err: what came.
    """

    most_bytes: int
    out: bytearray = field(default_factory=bytearray)
    err: bytearray = field(default_factory=bytearray)

    def take(self, stream: Stream, data: bytes) -> int | None:
        (self.out if stream is Stream.OUT else self.err).extend(data)
        if len(self.out) + len(self.err) > self.most_bytes:
            raise OutputTooLong
        return None


def nobody_there(_question: str) -> bool | None:
    """For whoever cannot ask a person."""
    return None


def no_token() -> Secret | None:
    """For whoever has none."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """
    What is asked, and how.

    Attributes:
        line: words quoted as in POSIX.
        input_descriptor: the run's stdin if it takes any; None for an empty one.
        connect_seconds: for the connection, and again for the greeting.
        timeout_seconds: after which the run is cancelled; None for never.
        login: called when the peer wants a password, and is one that may be told it, with the form that it
            wants as in `LoginWanted`: `PASSWORD`, or `USER PASSWORD`.
        token: called where the protocol has tokens, and in place of `login` when it gives one.
        confirm: asks a person a question that yes or no answers; None where nobody can be asked.
        may_be_overheard: a login may go unencrypted to another machine, where the protocol lets it.
    """

    line: str
    input_descriptor: int | None = 0
    connect_seconds: float = CONNECT_SECONDS
    timeout_seconds: float | None = None
    login: Callable[[str], Secret]
    token: Callable[[], Secret | None] = no_token
    confirm: Callable[[str], bool | None] = nobody_there
    may_be_overheard: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """
    How it ended.

    Attributes:
        outcome: None when the peer cannot tell it: one that speaks no frames.
        number: the run's; 0 for none.
        drawing: what the output says as a table or a series, for JSON; None for nothing.
        was_cancelled: by an interrupt.
        was_out_of_time: by `timeout_seconds`.
    """

    outcome: Outcome | None
    number: int = 0
    drawing: object = None
    was_cancelled: bool = False
    was_out_of_time: bool = False
