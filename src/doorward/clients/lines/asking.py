"""One line asked from the beginning to the end, over frames or, where the peer knows none, as text."""

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from doorward.clients.lines.conversation import Conversation
from doorward.clients.lines.endpoint import CONNECT_SECONDS, Endpoint, TlsEndpoint
from doorward.clients.lines.reaching import reach
from doorward.clients.lines.trust import words_of_failure
from doorward.clients.lines.wire import OutputLeft, Wire, WireCut
from doorward.core.errors import BadArgument, ConnectError, TlsFailed
from doorward.core.launch import Stream
from doorward.core.limits import Limits
from doorward.core.outcome import Outcome, OutcomeKind
from doorward.core.secret import Secret
from doorward.lines.client import LoginWanted, NoFrames, OutputReceived, Ready, RunEnded, RunStarted

QUIET_SECONDS = 10.0
"""After this long a silence a peer without frames is told that no more lines will come."""

Write = Callable[[int, bytes], None]
"""Writes bytes to a descriptor while the connection goes on."""

OnInterruptible = Callable[[Callable[[], bool]], contextlib.AbstractContextManager[object]]
"""Given what cancels the run; inside the context, the first Ctrl-C calls it. The cancelling function says
whether an end will come; when it does not, leave."""


class Sink(Protocol):
    """Where a run's output goes."""

    def take(self, write: Write, stream: Stream, data: bytes) -> None:
        """Take output, not empty, in order; `write` writes it to a descriptor."""


@dataclass(frozen=True, slots=True)
class Descriptors:
    """Output goes to two open files, byte for byte and as it comes."""

    out: int = 1
    err: int = 2

    def take(self, write: Write, stream: Stream, data: bytes) -> None:
        write(self.out if stream is Stream.OUT else self.err, data)


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

    def take(self, write: Write, stream: Stream, data: bytes) -> None:
        (self.out if stream is Stream.OUT else self.err).extend(data)
        if len(self.out) + len(self.err) > self.most_bytes:
            raise OutputTooLong


class OutputTooLong(Exception):
    """More output than is kept; never leaves this file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """
    What is asked, and how.

    Attributes:
        line: words quoted as in POSIX.
        input_descriptor: the run's stdin if it takes any; None for an empty one.
        connect_seconds: for the connection, and again for the greeting.
        timeout_seconds: after which the run is cancelled; None for never.
        login: called when the peer wants one, over TLS only, with the form that it wants as in `LoginWanted`:
            `PASSWORD`, or `USER PASSWORD`.
    """

    line: str
    input_descriptor: int | None = 0
    connect_seconds: float = CONNECT_SECONDS
    timeout_seconds: float | None = None
    login: Callable[[str], Secret]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """
    How it ended.

    Attributes:
        outcome: None when the peer speaks no frames, which leaves it unknown.
        number: the run's; 0 for none.
        drawing: what the output says as a table or a series, for JSON; None for nothing.
        was_cancelled: by `interrupt`.
        was_out_of_time: by `timeout_seconds`.
    """

    outcome: Outcome | None
    number: int = 0
    drawing: object = None
    was_cancelled: bool = False
    was_out_of_time: bool = False


def ask(endpoint: Endpoint, request: Request, sink: Sink, *, interruptible: OnInterruptible) -> Reply:
    """
    Ask, and hand the answer to `sink` as it comes; blocks until it is complete.

    Raises:
        ConnectError: the peer cannot be reached or understood, or was lost before the end.
        BadArgument: the line cannot be sent.
        OSError: what `sink` writes to takes no more.
    """
    limits = Limits()
    if len(request.line.encode("utf-8", "surrogateescape")) > limits.frame_bytes:
        raise BadArgument("", f"a line of at most {limits.frame_bytes} bytes", "a longer one")
    with (
        Conversation(endpoint, limits=limits, connect_seconds=request.connect_seconds) as conversation,
        interruptible(conversation.interrupt),
    ):
        try:
            reply = _converse(conversation, request, sink)
        except OutputTooLong as error:
            raise ConnectError(endpoint.url, "read", "the output is too long to be kept") from error
    return reply or _ask_in_text(endpoint, request, sink)


def _converse(conversation: Conversation, request: Request, sink: Sink) -> Reply | None:
    """The reply; None when the peer speaks no frames."""
    number = 0
    for event in conversation.events():
        match event:
            case Ready():
                conversation.ask(
                    request.line,
                    input_descriptor=request.input_descriptor,
                    timeout_seconds=request.timeout_seconds,
                )
            case LoginWanted(form):
                conversation.log_in(_login_for(conversation.endpoint, request, form).revealed)
            case RunStarted():
                number = event.number
            case OutputReceived(stream, data):
                sink.take(conversation.write, stream, data)
            case RunEnded(outcome, members):
                return Reply(
                    outcome=outcome,
                    number=number,
                    drawing=members.get("drawing"),
                    was_cancelled=conversation.was_cancelled,
                    was_out_of_time=conversation.was_out_of_time,
                )
            case NoFrames(text):
                return _refusal_in_text(text)
    raise conversation.lost()


def _login_for(endpoint: Endpoint, request: Request, form: str) -> Secret:
    """
    The login, for a peer whose certificate was checked: nobody else is told a password, whoever asks for it.

    Raises:
        ConnectError: nothing was checked.
    """
    if isinstance(endpoint, TlsEndpoint):
        return request.login(form)
    raise ConnectError(
        endpoint.url,
        "login",
        "it asks for a password, which no door of Doorward does without TLS; none was sent",
        "A tls door is asked with --at tls://HOST:PORT.",
    )


def _refusal_in_text(text: bytes) -> Reply | None:
    """A door that greets with `Uh?` turned us away before anything was asked."""
    head, _, reason = text.partition(b"\n")[0].partition(b"Uh? ")
    if head or not reason:
        return None
    return Reply(outcome=Outcome(OutcomeKind.REFUSED, reason=reason.decode("utf-8", "replace")))


# A peer without frames


def _ask_in_text(endpoint: Endpoint, request: Request, sink: Sink) -> Reply:
    if any(character in request.line for character in "\n\r\0"):
        raise BadArgument("", "words without line breaks, for a peer that reads one line", "one with some")
    wire = reach(endpoint, within_seconds=request.connect_seconds)
    with contextlib.closing(wire):
        wire.send(request.line.encode("utf-8", "surrogateescape") + b"\n")
        for data in _all_text(endpoint, wire, request.timeout_seconds):
            sink.take(wire.write, Stream.OUT, data)
    return Reply(outcome=None)


def _all_text(endpoint: Endpoint, wire: Wire, timeout_seconds: float | None) -> Iterator[bytes]:
    ends_at = None if timeout_seconds is None else time.monotonic() + timeout_seconds
    silence = _Silence(endpoint, wire, ends_at)
    while True:
        silence.begin()
        try:
            data = wire.receive()
        except OutputLeft:
            raise
        except OSError as error:
            step = "What came may be incomplete." if isinstance(error, WireCut) else ""
            problem = f"the connection was lost: {error.strerror}"
            raise ConnectError(endpoint.url, "read", problem, step) from error
        except TlsFailed as error:
            raise ConnectError(endpoint.url, "TLS", *words_of_failure(error)) from error
        if not data:
            return
        yield data


class _Silence:
    """A peer that is silent for long may be waiting for another line, and must hear that none comes."""

    def __init__(self, endpoint: Endpoint, wire: Wire, ends_at: float | None) -> None:
        self._endpoint = endpoint
        self._wire = wire
        self._ends_at = ends_at
        self._is_half_closed = False
        wire.on_deadline = self._pass

    def begin(self) -> None:
        """Count from now."""
        quiet_until = None if self._is_half_closed else time.monotonic() + QUIET_SECONDS
        self._wire.deadline_at = min(
            (at for at in (quiet_until, self._ends_at) if at is not None), default=None
        )

    def _pass(self) -> None:
        if self._ends_at is not None and time.monotonic() >= self._ends_at:
            raise ConnectError(self._endpoint.url, "read", "the answer was not complete in time")
        self._is_half_closed = True
        self._wire.end_sending()
        self.begin()
