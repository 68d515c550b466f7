"""A session and a desk that answers from a table, so that a test reads as a dialogue."""

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from hypothesis import strategies as st

from doorward.core.launch import Stream
from doorward.core.limits import Limits
from doorward.core.outcome import SUCCESS, Outcome, OutcomeKind
from doorward.core.settings import Language, LineSessionKind
from doorward.lines.events import Asked, Event, Ignored, LoginTried
from doorward.lines.phrases import PHRASES
from doorward.lines.session import LineSession

ENGLISH = PHRASES[Language.ENGLISH]
GREETING = b"What can I do for you?\n"
HELLO = b"doorward/1\n"

Chunk = tuple[Stream, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """
    What the desk has for a line.

    Attributes:
        run: its number; 0 when it is no run.
        takes_input: the run reads stdin; its answer is held until that ends.
        is_held: the answer goes on until `Dialogue.finish`.
    """

    chunks: Sequence[Chunk] = ()
    outcome: Outcome = SUCCESS
    drawing: Mapping[str, object] | None = None
    run: int = 0
    takes_input: bool = False
    is_held: bool = False
    leaves: bool = False


def out(data: bytes) -> Chunk:
    return Stream.OUT, data


def err(data: bytes) -> Chunk:
    return Stream.ERR, data


def failing(outcome: Outcome, *chunks: Chunk) -> Reply:
    return Reply(chunks=chunks, outcome=outcome, run=1)


REPLIES: Mapping[str | None, Reply] = {
    "df": Reply(chunks=(out(b"/ 42%\n"),), run=1),
    "both": Reply(chunks=(out(b"one\n"), err(b"two\n"), out(b"three")), run=2),
    "fail": failing(Outcome(OutcomeKind.EXITED, status=3), out(b"no")),
    "quit": Reply(leaves=True),
    "wait": Reply(run=4, is_held=True),
    "sort": Reply(run=5, takes_input=True, is_held=True),
    None: Reply(outcome=Outcome(OutcomeKind.INVALID)),
}


def is_right(text: str) -> bool:
    return text in {"sesame", "alice sesame"}


@dataclass(kw_only=True)
class Dialogue:
    """
    A driver that follows the steps in `doorward.lines`.

    Attributes:
        heard: every event that means something, in order.
        said: every byte, in order.
    """

    session: LineSession
    replies: Mapping[str | None, Reply] = field(default_factory=lambda: REPLIES)
    may_log_in: Callable[[str], bool] = is_right
    heard: list[Event] = field(default_factory=list)
    said: bytearray = field(default_factory=bytearray)

    def __post_init__(self) -> None:
        self._held: Reply | None = None
        self.said += self.session.bytes_to_send()

    def send(self, *pieces: bytes) -> bytes:
        """Have the peer send; gives what the server said to it."""
        start = len(self.said)
        for piece in pieces:
            self.session.receive_data(piece)
            self._serve()
        return bytes(self.said[start:])

    def half_close(self) -> bytes:
        """Have the peer end its side; gives what the server said to it."""
        start = len(self.said)
        self.session.receive_eof()
        self._serve()
        return bytes(self.said[start:])

    def finish(self, outcome: Outcome = SUCCESS, *chunks: Chunk) -> bytes:
        """Complete the answer that is held; gives what the server said."""
        assert self._held is not None
        start, self._held = len(self.said), None
        self._answer(Reply(chunks=chunks, outcome=outcome))
        self._serve()
        return bytes(self.said[start:])

    def is_held(self) -> bool:
        """Whether an answer is held and still wanted."""
        return self._held is not None and not self.session.is_over

    # asked by call: a type checker takes a property for unchanged

    def is_over(self) -> bool:
        return self.session.is_over

    def is_overfed(self) -> bool:
        return self.session.is_overfed

    def wants_data(self) -> bool:
        return self.session.wants_data

    def patience_seconds(self) -> float | None:
        return self.session.patience_seconds

    @property
    def lines(self) -> list[str | None]:
        """The lines that were asked."""
        return [event.line for event in self.heard if isinstance(event, Asked)]

    def _serve(self) -> None:
        try:
            while (event := self.session.next_event()) is not None:
                if not isinstance(event, Ignored):
                    self.heard.append(event)
                self._act(event)
        finally:
            self.said += self.session.bytes_to_send()

    def _act(self, event: Event) -> None:
        if isinstance(event, LoginTried):
            (self.session.logged_in if self.may_log_in(event.text) else self.session.login_refused)()
        elif isinstance(event, Asked):
            unknown = Reply(outcome=Outcome(OutcomeKind.UNKNOWN, reason="there is no such command"))
            reply = self.replies.get(event.line, unknown)
            if reply.run:
                self.session.run_started(reply.run, takes_input=reply.takes_input)
            if reply.is_held:
                self._held = reply
            else:
                self._answer(reply)

    def _answer(self, reply: Reply) -> None:
        for chunk in reply.chunks:
            self.session.output(*chunk)
        self.session.run_ended(reply.outcome, drawing=reply.drawing, leaves=reply.leaves)


def session(
    *,
    keep: bool = False,
    login: bool = False,
    asks_name: bool = False,
    language: Language = Language.ENGLISH,
    limits: Limits | None = None,
) -> LineSession:
    return LineSession(
        phrases=PHRASES[language],
        kind=LineSessionKind.KEEP if keep else LineSessionKind.ONCE,
        limits=limits or Limits(),
        needs_login=login,
        asks_name=asks_name,
    )


def _with_others(replies: Mapping[str, Reply]) -> Mapping[str | None, Reply]:
    every = dict(REPLIES)
    every.update(replies.items())
    return every


def once(**replies: Reply) -> Dialogue:
    """A peer before a door that gives one answer; the greeting has been said."""
    return Dialogue(session=session(), replies=_with_others(replies))


def keep(**replies: Reply) -> Dialogue:
    """A peer before a door that goes on; the greeting has been said."""
    return Dialogue(session=session(keep=True), replies=_with_others(replies))


def frames(**replies: Reply) -> Dialogue:
    """A peer that speaks frames; the server has said that it is ready."""
    dialogue = once(**replies)
    assert dialogue.send(HELLO) == b"ready 0\n"
    return dialogue


def frame(kind: str, content: bytes = b"") -> bytes:
    """A frame, spelled by hand."""
    return f"{kind} {len(content)}\n".encode() + content


def cut_at(data: bytes, places: Iterable[int]) -> list[bytes]:
    """`data` in pieces that begin at these places."""
    bounds = [0, *sorted({place for place in places if 0 < place < len(data)}), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(bounds)]


def chunkings(most_bytes: int) -> st.SearchStrategy[list[int]]:
    """Places at which to cut up to `most_bytes` bytes, for `cut_at`."""
    return st.lists(st.integers(0, most_bytes), max_size=12)


def whole(data: bytes) -> list[bytes]:
    return [data]


def one_by_one(data: bytes) -> list[bytes]:
    return [bytes([byte]) for byte in data]
