"""
The server's side of one connection, as a pure object: no sockets, no clock.

    LOGIN ──logged in──▶ READY ──asked──▶ ANSWERING ──ended──▶ READY (or OVER after one answer)
      │                    │
    doorward/1          doorward/1
      ▼                    ▼
    FRAMES_LOGIN ──────▶ FRAMES_READY ◀──▶ FRAMES_ANSWERING
"""

import enum
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from doorward.core.errors import BadFrame, ProtocolError
from doorward.core.launch import Stream
from doorward.core.limits import Limits
from doorward.core.outcome import Outcome, OutcomeKind, last_lines, outcome_members
from doorward.core.settings import LineSessionKind
from doorward.lines.events import (
    Asked,
    CancelWanted,
    Event,
    Ignored,
    InputEnded,
    InputReceived,
    LoginTried,
)
from doorward.lines.frames import (
    FRAME_BYTES,
    HELLO,
    WITH_NAME,
    WITHOUT_NAME,
    FrameReader,
    PeerFrame,
    ServerFrame,
    encode_frame,
    encode_frames,
    encode_json,
)
from doorward.lines.phrases import UH_KINDS, Phrases, uh
from doorward.lines.splitter import Splitter

LINGERING_SECONDS = 2.0
"""How long a peer that sent too much may still take to read its answer, see `LineSession.is_overfed`."""

LINGERING_BYTES = 1024 * 1024
"""How much more it may send meanwhile."""

_REQUEST = re.compile(rb" (HTTP|RTSP|SIP)/[0-9]\.[0-9]$")
"""How the first line of HTTP/1, HTTP/2, RTSP and SIP ends."""


class State(enum.IntEnum):
    """Where a session stands; an integer, because enums of objects hash slowly."""

    LOGIN = enum.auto()
    READY = enum.auto()
    ANSWERING = enum.auto()
    FRAMES_LOGIN = enum.auto()
    FRAMES_READY = enum.auto()
    FRAMES_ANSWERING = enum.auto()
    OVER = enum.auto()


# names of the module for what every line asks about: until Python 3.12, to look up `State.READY` takes 0.1 us
_LOGIN, _READY, _ANSWERING, _FRAMES_LOGIN, _FRAMES_READY, _FRAMES_ANSWERING, _OVER = State

# Every move there is; any state may also go to OVER. A move that is missing is a mistake of the caller.
_AFTER_HELLO: Mapping[State, State] = {_LOGIN: _FRAMES_LOGIN, _READY: _FRAMES_READY}
_AFTER_LOGIN: Mapping[State, State] = {_LOGIN: _READY, _FRAMES_LOGIN: _FRAMES_READY}
_AFTER_LINE: Mapping[State, State] = {_READY: _ANSWERING, _FRAMES_READY: _FRAMES_ANSWERING}
_AFTER_ANSWER: Mapping[State, State] = {_ANSWERING: _READY, _FRAMES_ANSWERING: _FRAMES_READY}

_LF = ord("\n")

_REASON_CHARACTERS = 4096
"""Of a reason that made a frame too long: in JSON a character takes at most twelve bytes."""


class LineSession:
    """
    One peer of the line protocol, seen from the server.

    Attributes:
        speaks_frames: the peer is a program that asked for frames.
        can_give_input: the peer could send a run its stdin: not where the next line may follow.
        is_over: nothing more will be said: flush what is to be sent, then close.
    """

    __slots__ = (
        "_asks_name",
        "_awaits_unread",
        "_ends_with_answer",
        "_eof_received",
        "_frames",
        "_has_answered",
        "_input_ended",
        "_is_first_line",
        "_last_byte_is_lf",
        "_limits",
        "_login_pending",
        "_outgoing",
        "_phrases",
        "_splitter",
        "_state",
        "_takes_input",
        "_was_cut",
        "can_give_input",
        "is_over",
        "speaks_frames",
    )

    def __init__(
        self,
        *,
        phrases: Phrases,
        kind: LineSessionKind,
        limits: Limits,
        needs_login: bool = False,
        asks_name: bool = False,
    ) -> None:
        """
        Begin, with the greeting to send.

        Args:
            phrases: of the language.
            kind: once or keep.
            limits: of lines and times.
            needs_login: whether a login comes first.
            asks_name: whether that is a user's name and the password, and not the password alone.
        """
        self._phrases = phrases
        self._asks_name = asks_name
        self._ends_with_answer = self.can_give_input = kind is LineSessionKind.ONCE
        self._limits = limits
        self._state = _LOGIN if needs_login else _READY
        self._outgoing = [phrases.password if needs_login else phrases.greeting]
        self._splitter = Splitter()
        self._frames: FrameReader[PeerFrame] | None = None
        self.speaks_frames = False
        self.is_over = False
        self._has_answered = False
        self._is_first_line = True
        self._eof_received = False
        self._was_cut = False
        self._takes_input = False
        self._input_ended = False
        self._last_byte_is_lf = True
        self._login_pending = False
        # bytes came, or are to be expected, that nobody will read
        self._awaits_unread = False

    # What the door asks

    @property
    def is_overfed(self) -> bool:
        """Whether the peer sends what nobody will read: to close at once may cost it the answer (a reset)."""
        return self._awaits_unread and not self._eof_received

    @property
    def awaits_login(self) -> bool:
        """Whether the peer has to log in before anything else."""
        return self._state is _LOGIN or self._state is _FRAMES_LOGIN

    @property
    def patience_seconds(self) -> float | None:
        """How long this state may last, counted from when it began; None while an answer is under way."""
        state = self._state
        if state is _READY or state is _FRAMES_READY:
            return self._limits.idle_seconds if self._has_answered else self._limits.first_line_seconds
        return self._limits.login_seconds if self.awaits_login else None

    @property
    def wants_data(self) -> bool:
        """
        Whether reading should go on.

        Not while more than a line or a frame waits behind an answer, nor while a login is looked at.
        """
        if self._login_pending:
            return False
        held_bytes = self._splitter.held_bytes
        return not held_bytes or held_bytes <= self._limits.line_bytes + self._limits.frame_bytes

    def bytes_to_send(self) -> bytes:
        """Take what is to be sent now; empty when nothing is."""
        outgoing = b"".join(self._outgoing)
        self._outgoing.clear()
        return outgoing

    # What comes from the peer

    def receive_data(self, data: bytes) -> None:
        """Take in bytes that the peer sent."""
        if self._state is not _READY and self._is_deaf:
            self._awaits_unread = True
        else:
            self._splitter.receive_data(data)

    def receive_eof(self, *, was_cut: bool = False) -> None:
        """
        Take in that the peer will send nothing more.

        In text it may still be reading; a peer that speaks frames has left.

        Args:
            was_cut: the end may not be the peer's own, as that of TLS without a word for it: input of a run
                that ends so is not all of it, and its asker counts as gone.
        """
        self._eof_received = True
        self._was_cut = was_cut
        if self.speaks_frames:
            self._end()

    def next_event(self) -> Event | None:
        """
        Take the next thing that the peer wants; None until more comes, or until the answer has ended.

        Raises:
            ProtocolError: the peer broke the protocol; the session is over, with nothing left to say.
        """
        if not self._splitter.held_bytes and not self._eof_received:
            return None
        try:
            return self._next_line() if self._state is _READY else self._next_of_others()
        except ProtocolError:
            self._awaits_unread = True
            self.close()
            raise

    # What the door answers

    def refuse(self, reason: str) -> None:
        """Turn the peer away instead of greeting it."""
        self._outgoing = [uh(reason)]
        # its line is on the way already
        self._awaits_unread = True
        self.close()

    def skip_login(self) -> None:
        """Greet without a login, for which nothing was asked yet: the transport vouches for the peer."""
        self._outgoing.clear()
        self.logged_in()

    def logged_in(self) -> None:
        """The login was right; nothing happens when the session ended while it was looked at."""
        self._login_pending = False
        if self._state is not _OVER:
            self._state = _AFTER_LOGIN[self._state]
            self._welcome()

    def login_refused(self, reason: str = "") -> None:
        """The login was wrong, or could not be looked at, which `reason` then says."""
        # the end of a peer that lingers has to be read
        self._login_pending = False
        if self._state is _OVER:
            return
        if self.speaks_frames:
            refused = Outcome(OutcomeKind.REFUSED, reason=reason or "the login was refused")
            self._outgoing.append(_end_frame(refused, None))
        elif reason:
            self._outgoing.append(uh(reason))
        self._end()

    def run_started(self, number: int, *, takes_input: bool) -> None:
        """The answer is a run with this number; its stdin comes from the peer or is empty."""
        if self._state is _ANSWERING:
            # where more lines may follow, nothing tells them from input
            self._takes_input = takes_input and self.can_give_input
        elif self._is_heard():
            self._takes_input = takes_input
            self._outgoing.append(
                encode_frame(ServerFrame.RUN, b"%d input" % number if takes_input else b"%d" % number)
            )

    def output(self, stream: Stream, data: bytes) -> None:
        """Some output of the run, not empty."""
        if self._state is _ANSWERING:
            self._last_byte_is_lf = data[-1] == _LF
            self._outgoing.append(data)
        elif self._is_heard():
            kind = ServerFrame.OUT if stream is Stream.OUT else ServerFrame.ERR
            # however much a keeper lets peers send, they need not take more than this
            most_bytes = min(self._limits.frame_bytes, FRAME_BYTES)
            self._outgoing.extend(encode_frames(kind, data, most_bytes=most_bytes))

    def run_ended(
        self, outcome: Outcome, *, drawing: Mapping[str, object] | None = None, leaves: bool = False
    ) -> None:
        """
        The answer is complete.

        Args:
            outcome: how it ended.
            drawing: what its output says as a table or a series, for programs; left out where it would
                not fit into a frame.
            leaves: whether the peer asked to go.
        """
        if self._state is _ANSWERING:
            self._end_text(outcome, leaves=leaves)
        elif self._is_heard():
            self._end_frames(outcome, drawing, leaves=leaves)

    def close(self) -> None:
        """End the session from the server's side; nothing more is said."""
        self._splitter.clear()
        self._state = _OVER
        self.is_over = True

    # Inside

    @property
    def _is_deaf(self) -> bool:
        """After its line, a peer that gets one answer is not listened to, but for input."""
        if self._state is _ANSWERING:
            return self._ends_with_answer and not self._takes_input
        return self._state is _OVER

    def _is_heard(self) -> bool:
        """Whether an answer in frames is under way; one that comes after the end is heard by nobody."""
        if self._state is _FRAMES_ANSWERING:
            return True
        if self._state is not _OVER:
            raise AssertionError(f"nothing is answered in {self._state.name}")
        return False

    def _end(self) -> None:
        """End the session with what is still to be sent."""
        is_in_its_input = self._takes_input and not self._input_ended
        self._awaits_unread = self._awaits_unread or is_in_its_input or self._splitter.held_bytes > 0
        self.close()

    def _next_of_others(self) -> Event | None:
        """What comes in any other state than `READY`."""
        state = self._state
        if state is _ANSWERING:
            return self._next_text_input()
        if self._login_pending or state is _OVER:
            return None
        return self._next_line() if state is _LOGIN else self._next_frame_event()

    def _next_line(self) -> Event | None:
        line = self._splitter.take_line(self._limits.line_bytes)
        if line is None:
            return self._at_end_of_lines() if self._eof_received else None
        if self._is_first_line:
            self._is_first_line = False
            if _is_of_a_browser(line):
                raise BadFrame("a web page may not post to a line door")
            if line == HELLO:
                return self._begin_frames()
        text = _decoded(line)
        return self._ask(text) if self._state is _READY else self._try_login(text)

    def _begin_frames(self) -> Event | None:
        self._frames = FrameReader(PeerFrame, most_bytes=self._limits.frame_bytes)
        self.speaks_frames = self.can_give_input = True
        if self._eof_received:
            self._end()
            return None
        self._state = _AFTER_HELLO[self._state]
        self._welcome()
        return self._next_frame_event()

    def _at_end_of_lines(self) -> Event | None:
        # a line that the peer's end cut short is not run: `cancel 1` may have been `cancel 17`
        if self._splitter.held_bytes and self._state is _READY:
            self._splitter.clear()
            return self._ask(None)
        self.close()
        return None

    def _try_login(self, text: str | None) -> Event:
        self._login_pending = True
        return LoginTried(text or "")

    def _ask(self, line: str | None) -> Event:
        self._state = _AFTER_LINE[self._state]
        self._last_byte_is_lf = True
        self._takes_input = self._input_ended = False
        return Asked(line)

    def _next_text_input(self) -> Event | None:
        if not self._takes_input or self._input_ended:
            return None
        if data := self._splitter.take_all():
            return InputReceived(data)
        if self._eof_received and self._was_cut:
            self._end()
        elif self._eof_received:
            self._input_ended = True
            return InputEnded()
        return None

    def _next_frame_event(self) -> Event | None:
        # there is a reader: every state of frames begins with a hello
        frame = self._frames.take_frame(self._splitter) if self._frames is not None else None
        return None if frame is None else self._frame_event(frame.kind, frame.content)

    def _frame_event(self, kind: PeerFrame, content: bytes) -> Event:
        match self._state, kind:
            case State.FRAMES_LOGIN, PeerFrame.LINE:
                return self._try_login(_decoded(content))
            case State.FRAMES_READY, PeerFrame.LINE:
                return self._ask(_decoded(content))
            case State.FRAMES_ANSWERING, PeerFrame.CANCEL:
                return CancelWanted()
            case State.FRAMES_ANSWERING, PeerFrame.IN | PeerFrame.EOF:
                return self._frame_input(kind, content)
            case State.FRAMES_READY, PeerFrame.IN | PeerFrame.EOF | PeerFrame.CANCEL:
                return Ignored()  # meant for an answer that has just ended
            case _:
                raise BadFrame(f"a frame {kind.value} may not come now")

    def _frame_input(self, kind: PeerFrame, content: bytes) -> Event:
        if not self._takes_input or self._input_ended:
            return Ignored()  # nobody reads it
        if kind is PeerFrame.IN:
            return InputReceived(content) if content else Ignored()
        self._input_ended = True
        return InputEnded()

    def _welcome(self) -> None:
        match self._state:
            case State.READY:
                self._outgoing.append(self._phrases.greeting)
            case State.FRAMES_READY:
                self._outgoing.append(encode_frame(ServerFrame.READY))
            case State.FRAMES_LOGIN:
                form = WITH_NAME if self._asks_name else WITHOUT_NAME
                self._outgoing.append(encode_frame(ServerFrame.LOGIN, form.encode()))
            case _:
                raise AssertionError(f"nobody is welcomed in {self._state}")

    def _end_text(self, outcome: Outcome, *, leaves: bool) -> None:
        if not outcome.is_success or not self._last_byte_is_lf:
            self._outgoing.extend(self._closing_words(outcome))
        self._has_answered = True
        if self._ends_with_answer or leaves:
            self._end()
        else:
            self._takes_input = False
            self._state = _AFTER_ANSWER[self._state]
            self._outgoing.append(self._phrases.greeting)

    def _closing_words(self, outcome: Outcome) -> Iterator[bytes]:
        if not self._last_byte_is_lf and (not outcome.is_success or not self._ends_with_answer):
            yield b"\n"
        for line in last_lines(outcome):
            yield line.encode() + b"\n"
        if outcome.kind is OutcomeKind.UNKNOWN:
            yield self._phrases.not_understood
        elif outcome.kind in UH_KINDS:
            yield uh(outcome.reason)

    def _end_frames(self, outcome: Outcome, drawing: Mapping[str, object] | None, *, leaves: bool) -> None:
        self._outgoing.append(_end_frame(outcome, drawing))
        self._has_answered = True
        if leaves:
            self._end()
        else:
            self._takes_input = False
            self._state = _AFTER_ANSWER[self._state]
            self._welcome()


def _decoded(line: bytes) -> str | None:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return None


def _end_frame(outcome: Outcome, drawing: Mapping[str, object] | None) -> bytes:
    members: dict[str, object] = dict(outcome_members(outcome))
    if drawing is not None:
        frame = encode_json(ServerFrame.END, {**members, "drawing": drawing})
        if len(frame) <= FRAME_BYTES:
            return frame
    frame = encode_json(ServerFrame.END, members)
    if len(frame) <= FRAME_BYTES:
        return frame
    # a reason may quote what the peer sent, and grows when it is escaped
    return _end_frame(replace(outcome, reason=f"{outcome.reason[:_REASON_CHARACTERS]}..."), None)


def _is_of_a_browser(line: bytes) -> bool:
    # a page chooses the body of its request, its server a ticket in the TLS ClientHello that a redirection
    # brings here ("TLS Poison", Black Hat USA 2020): both can hold whole lines
    return _REQUEST.search(line) is not None or line[:2] == b"\x16\x03"
