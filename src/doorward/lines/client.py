"""The asker's side of frames, as a pure object: what comes from the server, and what to send."""

import re
from typing import NamedTuple

from doorward.core.errors import BadFrame
from doorward.core.launch import Stream
from doorward.core.limits import Limits
from doorward.core.outcome import Outcome, outcome_from
from doorward.lines.frames import (
    HELLO,
    WITH_NAME,
    WITHOUT_NAME,
    Frame,
    FrameReader,
    PeerFrame,
    ServerFrame,
    decode_json,
    encode_frame,
    encode_frames,
)
from doorward.lines.splitter import Splitter

_FIRST_HEADER = re.compile(rb"(?:ready|login) (?:0|[1-9][0-9]{0,9})")


class Ready(NamedTuple):
    """The server waits for a line."""


class LoginWanted(NamedTuple):
    """
    The server waits for a login.

    `form` is `WITHOUT_NAME` or `WITH_NAME`, as it wants it; empty from one that does not say.
    """

    form: str = ""


class RunStarted(NamedTuple):
    """The line became a run with this number, or joined one."""

    number: int
    takes_input: bool


class OutputReceived(NamedTuple):
    """Some output of the run."""

    stream: Stream
    data: bytes


class RunEnded(NamedTuple):
    """The answer is complete; `members` is the whole object that came, perhaps with a drawing."""

    outcome: Outcome
    members: dict[str, object]


class NoFrames(NamedTuple):
    """The peer speaks no frames; `text` is what it said so far. What else comes is text as well."""

    text: bytes


ClientEvent = Ready | LoginWanted | RunStarted | OutputReceived | RunEnded | NoFrames


class ClientSession:
    """
    One connection, seen from who asks: send `hello()` first, then act on events.

    A peer is taken for one that speaks frames when `ready` or `login` follows its first line.
    """

    __slots__ = ("_frames", "_head", "_limits", "_speaks_frames", "_splitter")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._splitter = Splitter()
        self._frames: FrameReader[ServerFrame] = FrameReader(ServerFrame, most_bytes=limits.frame_bytes)
        # what came before it is known whether the peer speaks frames; None afterwards
        self._head: bytearray | None = bytearray()
        self._speaks_frames = False

    def hello(self) -> bytes:
        """Ask for frames."""
        return HELLO + b"\n"

    def line(self, text: str) -> bytes:
        """Ask for `text`, or log in with it."""
        return encode_frame(PeerFrame.LINE, text.encode("utf-8", "surrogateescape"))

    def input(self, data: bytes) -> bytes:
        """Bytes for the run's stdin."""
        return b"".join(encode_frames(PeerFrame.IN, data, most_bytes=self._limits.frame_bytes))

    def end_input(self) -> bytes:
        """The end of the run's stdin."""
        return encode_frame(PeerFrame.EOF)

    def cancel(self) -> bytes:
        """Have the run stopped."""
        return encode_frame(PeerFrame.CANCEL)

    def receive_data(self, data: bytes) -> None:
        """Take in bytes that the server sent."""
        if self._head is None:
            self._splitter.receive_data(data)
            return
        self._head += data
        speaks_frames = _speaks_frames(bytes(self._head), most_bytes=self._limits.line_bytes)
        if speaks_frames is not None:
            self._decide(speaks_frames=speaks_frames)

    def next_event(self) -> ClientEvent | None:
        """
        Take the next thing that the server said; None until more comes.

        Raises:
            ProtocolError: the server speaks frames, and broke their rules.
        """
        if self._head is not None:
            return None
        if not self._speaks_frames:
            text = self._splitter.take_all()
            return NoFrames(text) if text else None
        frame = self._frames.take_frame(self._splitter)
        return _event(frame) if frame is not None else None

    def receive_eof(self) -> None:
        """Take in that the server will send nothing more; take the events that are left afterwards."""
        if self._head is not None:
            self._decide(speaks_frames=False)

    @property
    def speaks_frames(self) -> bool:
        """Whether the peer is known to speak frames."""
        return self._speaks_frames

    def _decide(self, *, speaks_frames: bool) -> None:
        head, self._head = bytes(self._head or b""), None
        self._speaks_frames = speaks_frames
        # the greeting is for people
        self._splitter.receive_data(head.partition(b"\n")[2] if speaks_frames else head)


def _speaks_frames(head: bytes, *, most_bytes: int) -> bool | None:
    """What the first bytes of a server tell; None when more must come."""
    greeting, lf, rest = head.partition(b"\n")
    if len(greeting) > most_bytes:
        return False
    if not lf:
        return None
    # `ready for you` is a text: only a whole header tells
    header, lf, _ = rest.partition(b"\n")
    if lf:
        return _FIRST_HEADER.fullmatch(header) is not None
    return None if _may_become_header(header) else False


def _may_become_header(start: bytes) -> bool:
    return any(
        kind.startswith(start) or (start.startswith(kind) and _FIRST_HEADER.fullmatch(start))
        for kind in (b"ready ", b"login ")
    )


def _event(frame: Frame[ServerFrame]) -> ClientEvent:
    match frame.kind:
        case ServerFrame.READY:
            return Ready()
        case ServerFrame.LOGIN:
            return _login_wanted(frame.content)
        case ServerFrame.RUN:
            return _run_started(frame.content)
        case ServerFrame.OUT:
            return OutputReceived(Stream.OUT, frame.content)
        case ServerFrame.ERR:
            return OutputReceived(Stream.ERR, frame.content)
        case ServerFrame.END:
            members = decode_json(frame.content)
            try:
                return RunEnded(outcome_from(members), members)
            except ValueError as error:
                raise BadFrame(f"an outcome that cannot be read: {error}") from error


def _login_wanted(content: bytes) -> LoginWanted:
    form = content.decode("utf-8", "replace")
    return LoginWanted(form if form in {WITHOUT_NAME, WITH_NAME} else "")


def _run_started(content: bytes) -> RunStarted:
    number, _, rest = content.partition(b" ")
    if not number.isdigit() or len(number) > 20:
        raise BadFrame("a run without a number")
    return RunStarted(int(number), b"input" in rest.split())
