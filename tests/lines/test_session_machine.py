"""The session against a model of it: each event in each state, in any order."""

from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from doorward.core.errors import BadFrame, ProtocolError
from doorward.core.launch import Stream
from doorward.core.outcome import SUCCESS
from doorward.lines.events import (
    Asked,
    CancelWanted,
    Event,
    Ignored,
    InputEnded,
    InputReceived,
    LoginTried,
)
from doorward.lines.session import LineSession
from tests.lines.dialogue import HELLO, chunkings, cut_at, frame, session
from tests.lines.test_session_chunking import joined

WELL = frame("end", b'{"kind":"exited","exit_status":0}')
GREETING = b"What can I do for you?\n"

texts = st.sampled_from(["df", "ping a b", "", "doorward/1", "é"])


@dataclass(kw_only=True)
class Model:
    """
    What docs/protocol.md says, in the plainest way: whole messages in, events and bytes out.

    Attributes:
        waits_for: `login`, `verdict`, `line`, `end` of an answer, or `nothing` when it is over.
        runs_take_input: whether every run does.
        messages: what came and was not looked at yet; a text line or a frame as its kind and content.
    """

    keeps: bool
    runs_take_input: bool
    waits_for: str
    in_frames: bool = False
    is_first: bool = True
    takes_input: bool = False
    has_ended_sending: bool = False
    is_broken: bool = False
    messages: list[tuple[str, bytes]] = field(default_factory=list)
    heard: list[Event] = field(default_factory=list)
    said: bytearray = field(default_factory=bytearray)

    def welcome(self) -> None:
        self.waits_for = "line"
        self.said += b"ready 0\n" if self.in_frames else GREETING

    def look(self) -> None:
        """Go on as far as it can be gone without the desk."""
        while self.messages and self.waits_for not in {"verdict", "nothing"}:
            if self.waits_for == "end" and not self.in_frames:
                if self.keeps:
                    return
                self.take_text_input(self.messages.pop(0)[1])
                continue
            kind, content = self.messages.pop(0)
            (self.take_frame if self.in_frames else self.take_line)(kind, content)
        if self.has_ended_sending and self.waits_for in {"login", "line"}:
            self.waits_for = "nothing"
        if self.has_ended_sending and self.takes_input and self.waits_for == "end":
            self.takes_input = False
            self.heard.append(InputEnded())

    def take_text_input(self, content: bytes) -> None:
        if self.takes_input:
            self.heard.append(InputReceived(content + b"\n"))

    def take_line(self, _: str, content: bytes) -> None:
        is_first, self.is_first = self.is_first, False
        if is_first and content == b"doorward/1":
            self.in_frames = True
            self.said += b"login 8\npassword" if self.waits_for == "login" else b"ready 0\n"
        elif is_first and content.endswith(b" HTTP/1.1"):
            self.is_broken, self.waits_for = True, "nothing"
        else:
            self.take_words(content)

    def take_words(self, content: bytes) -> None:
        text = None if content == b"\xff" else content.decode()
        if self.waits_for == "login":
            self.waits_for = "verdict"
            self.heard.append(LoginTried(text or ""))
        else:
            self.waits_for = "end"
            self.heard.append(Asked(text))
            self.takes_input = self.runs_take_input and (self.in_frames or not self.keeps)
            if self.in_frames:
                self.said += frame("run", b"7 input" if self.takes_input else b"7")

    def take_frame(self, kind: str, content: bytes) -> None:
        match kind, self.waits_for:
            case "line", "login" | "line":
                self.take_words(content)
            case "in", "end":
                if self.takes_input and content:
                    self.heard.append(InputReceived(content))
            case "eof", "end":
                if self.takes_input:
                    self.heard.append(InputEnded())
                self.takes_input = False
            case "cancel", "end":
                self.heard.append(CancelWanted())
            case "in" | "eof" | "cancel", "line":
                pass
            case _:
                self.is_broken, self.waits_for = True, "nothing"

    def end(self, *, leaves: bool) -> None:
        self.takes_input = False
        if self.in_frames:
            self.said += WELL
        if leaves or not (self.keeps or self.in_frames):
            self.waits_for = "nothing"
        else:
            self.welcome()


class SessionMachine(RuleBasedStateMachine):
    """Peers, desks and portals that do what they may, whenever they may."""

    real: LineSession
    model: Model

    @initialize(
        keeps=st.booleans(), login=st.booleans(), asks_for_frames=st.booleans(), takes_input=st.booleans()
    )
    def connect(self, *, keeps: bool, login: bool, asks_for_frames: bool, takes_input: bool) -> None:
        self.real = session(keep=keeps, login=login)
        self.model = Model(keeps=keeps, runs_take_input=takes_input, waits_for="login" if login else "line")
        self.model.said += b"Password?\n" if login else GREETING
        self.said = bytearray()
        self.heard: list[Event] = []
        self.error: ProtocolError | None = None
        if asks_for_frames:
            self.deliver([HELLO], [("text", b"doorward/1")])

    # The peer

    @precondition(lambda self: not self.model.in_frames and not self.model.has_ended_sending)
    @rule(
        texts=st.lists(
            texts.map(str.encode) | st.sampled_from([b"\xff", b"GET / HTTP/1.1"]), min_size=1, max_size=3
        ),
        places=chunkings(40),
    )
    def send_lines(self, texts: list[bytes], places: list[int]) -> None:
        if any(text == b"doorward/1" for text in texts):
            texts = texts[:1]  # what follows a hello is no line
        self.deliver(
            cut_at(b"".join(text + b"\n" for text in texts), places), [("text", text) for text in texts]
        )

    @precondition(lambda self: self.model.in_frames and not self.model.has_ended_sending)
    @rule(
        frames=st.lists(
            st.tuples(st.sampled_from(["line", "line", "in", "eof", "cancel", "run"]), texts.map(str.encode)),
            min_size=1,
            max_size=3,
        ),
        places=chunkings(40),
    )
    def send_frames(self, frames: list[tuple[str, bytes]], places: list[int]) -> None:
        self.deliver(cut_at(b"".join(frame(*each) for each in frames), places), frames)

    @precondition(lambda self: not self.model.has_ended_sending)
    @rule(chance=st.integers(0, 3))
    def half_close(self, chance: int) -> None:
        if chance:
            return
        self.real.receive_eof()
        self.model.has_ended_sending = True
        if self.model.in_frames:
            self.model.waits_for = "nothing"
        self.go_on()

    # The portal

    @precondition(lambda self: self.model.waits_for == "verdict")
    @rule()
    def log_in(self) -> None:
        self.real.logged_in()
        self.model.welcome()
        self.go_on()

    @precondition(lambda self: self.model.waits_for == "verdict")
    @rule()
    def refuse_login(self) -> None:
        self.real.login_refused("no")
        reason = frame("end", b'{"kind":"refused","exit_status":126,"reason":"no"}')
        self.model.said += reason if self.model.in_frames else b"Uh? no\n"
        self.model.waits_for = "nothing"
        self.go_on()

    # The desk

    @precondition(lambda self: self.model.waits_for == "end")
    @rule(stream=st.sampled_from(Stream), data=st.sampled_from([b"x\n", b"\n", b"end 2\n"]))
    def write(self, stream: Stream, data: bytes) -> None:
        self.real.output(stream, data)
        kind = "out" if stream is Stream.OUT else "err"
        self.model.said += frame(kind, data) if self.model.in_frames else data

    @precondition(lambda self: self.model.waits_for == "end")
    @rule(leaves=st.booleans())
    def end(self, *, leaves: bool) -> None:
        self.real.run_ended(SUCCESS, leaves=leaves)
        self.model.end(leaves=leaves)
        self.go_on()

    @precondition(lambda self: self.model.waits_for != "nothing")
    @rule(chance=st.integers(0, 9))
    def close(self, chance: int) -> None:
        if chance:
            return
        self.real.close()
        self.model.waits_for = "nothing"
        self.model.messages.clear()

    @precondition(lambda self: self.model.waits_for == "nothing")
    @rule()
    def answer_too_late(self) -> None:
        self.real.run_started(7, takes_input=True)
        self.real.output(Stream.OUT, b"late")
        self.real.run_ended(SUCCESS)
        self.real.logged_in()
        self.real.login_refused("late")

    # Both

    def deliver(self, pieces: list[bytes], messages: list[tuple[str, bytes]]) -> None:
        if self.model.waits_for != "nothing":
            self.model.messages += messages
            self.model.look()
        for piece in pieces:
            self.real.receive_data(piece)
            self.take_events()

    def go_on(self) -> None:
        self.model.look()
        self.take_events()

    def take_events(self) -> None:
        try:
            while (event := self.real.next_event()) is not None:
                if isinstance(event, Ignored):
                    continue
                self.heard.append(event)
                if isinstance(event, Asked):
                    self.real.run_started(7, takes_input=self.model.runs_take_input)
        except ProtocolError as error:
            self.error = error

    @invariant()
    def is_as_the_model_says(self) -> None:
        self.said += self.real.bytes_to_send()
        assert joined(self.heard) == joined(self.model.heard)
        assert self.said == self.model.said
        assert self.real.is_over is (self.model.waits_for == "nothing")
        assert (self.error is not None) is self.model.is_broken
        assert self.error is None or isinstance(self.error, BadFrame)
        assert self.real.speaks_frames is self.model.in_frames

    @invariant()
    def is_patient_only_while_it_answers(self) -> None:
        waits = self.model.waits_for in {"login", "verdict", "line"}
        assert (self.real.patience_seconds is not None) is waits


TestSession = SessionMachine.TestCase
TestSession.settings = settings(max_examples=300, stateful_step_count=20, deadline=None)
