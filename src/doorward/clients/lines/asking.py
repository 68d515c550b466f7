"""One line asked from the beginning to the end, over frames or, where the peer knows none, as text."""

import contextlib
import time
from collections.abc import Callable, Iterator

from doorward.clients._asking import OnInterruptible, OutputLeft, OutputTooLong, Reply, Request, Sink
from doorward.clients._endpoints import LineEndpoint, TlsEndpoint
from doorward.clients._trust import words_of_failure
from doorward.clients.lines.conversation import Conversation
from doorward.clients.lines.reaching import reach
from doorward.clients.lines.wire import Wire, WireCut
from doorward.core.errors import BadArgument, ConnectError, TlsFailed
from doorward.core.launch import Stream
from doorward.core.limits import Limits
from doorward.core.outcome import Outcome, OutcomeKind
from doorward.core.secret import Secret
from doorward.lines.client import LoginWanted, NoFrames, OutputReceived, Ready, RunEnded, RunStarted

QUIET_SECONDS = 10.0
"""After this long a silence a peer without frames is told that no more lines will come."""


def ask(endpoint: LineEndpoint, request: Request, sink: Sink, *, interruptible: OnInterruptible) -> Reply:
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
                _pass_on(sink, stream, data, conversation.write)
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


def _pass_on(sink: Sink, stream: Stream, data: bytes, write: Callable[[int, bytes], None]) -> None:
    if (descriptor := sink.take(stream, data)) is not None:
        write(descriptor, data)


def _login_for(endpoint: LineEndpoint, request: Request, form: str) -> Secret:
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


def _ask_in_text(endpoint: LineEndpoint, request: Request, sink: Sink) -> Reply:
    if any(character in request.line for character in "\n\r\0"):
        raise BadArgument("", "words without line breaks, for a peer that reads one line", "one with some")
    wire = reach(endpoint, within_seconds=request.connect_seconds)
    with contextlib.closing(wire):
        wire.send(request.line.encode("utf-8", "surrogateescape") + b"\n")
        for data in _all_text(endpoint, wire, request.timeout_seconds):
            _pass_on(sink, Stream.OUT, data, wire.write)
    return Reply(outcome=None)


def _all_text(endpoint: LineEndpoint, wire: Wire, timeout_seconds: float | None) -> Iterator[bytes]:
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

    def __init__(self, endpoint: LineEndpoint, wire: Wire, ends_at: float | None) -> None:
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
