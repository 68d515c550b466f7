"""Both sides wired together, with whatever a network does to the pieces."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.core.launch import Stream
from doorward.core.limits import Limits
from doorward.core.outcome import Outcome, OutcomeKind
from doorward.lines.client import (
    ClientEvent,
    ClientSession,
    LoginWanted,
    NoFrames,
    OutputReceived,
    Ready,
    RunEnded,
    RunStarted,
)
from doorward.lines.events import InputEnded, InputReceived
from doorward.lines.frames import WITH_NAME
from doorward.lines.session import LineSession
from tests.lines.dialogue import Dialogue, Reply, session

outcomes = st.builds(
    Outcome,
    st.sampled_from(OutcomeKind),
    status=st.integers(0, 255),
    signal=st.integers(0, 64),
    reason=st.text(max_size=30),
    after_seconds=st.floats(0, 604_800),
    cut_at_bytes=st.integers(0, 2**40),
)
outputs = st.lists(st.tuples(st.sampled_from(Stream), st.binary(min_size=1, max_size=2000)), max_size=5)
numbers = st.integers(1, 2**63)
seeds = st.randoms(use_true_random=False)


class Wire:
    """A server and a client in memory; `chances` cuts what goes between them."""

    def __init__(self, server: Dialogue, chances: random.Random) -> None:
        self.server = server
        self.client = ClientSession(Limits())
        self.heard: list[ClientEvent] = []
        self._chances = chances
        self._sent_bytes = 0

    def say(self, data: bytes) -> None:
        """Send from the client, and hear all that comes back."""
        self.server.send(*self._cut(data))
        self.hear()

    def hear(self) -> None:
        """Hear what the server said meanwhile."""
        for piece in self._cut(bytes(self.server.said[self._sent_bytes :])):
            self.client.receive_data(piece)
            while (event := self.client.next_event()) is not None:
                self.heard.append(event)
        self._sent_bytes = len(self.server.said)

    def _cut(self, data: bytes) -> list[bytes]:
        pieces = []
        while data:
            size_bytes = self._chances.choice((1, 2, 3, 7, 100, 70_000))
            pieces.append(data[:size_bytes])
            data = data[size_bytes:]
        return pieces


def wired(server: LineSession, chances: random.Random, **replies: Reply) -> Wire:
    by_line: dict[str | None, Reply] = {}
    by_line.update(replies.items())
    wire = Wire(Dialogue(session=server, replies=by_line), chances)
    wire.say(wire.client.hello())
    return wire


def output_of(wire: Wire, stream: Stream) -> bytes:
    return b"".join(
        event.data for event in wire.heard if isinstance(event, OutputReceived) and event.stream is stream
    )


def streams(chunks: list[tuple[Stream, bytes]], stream: Stream) -> bytes:
    return b"".join(data for each, data in chunks if each is stream)


@given(outcomes, outputs, numbers, seeds)
def test_number_streams_and_outcome_arrive_as_they_were_sent(
    outcome: Outcome, chunks: list[tuple[Stream, bytes]], number: int, chances: random.Random
) -> None:
    wire = wired(session(), chances, x=Reply(chunks=chunks, outcome=outcome, run=number))
    wire.say(wire.client.line("x"))
    assert wire.heard[:2] == [Ready(), RunStarted(number, takes_input=False)]
    assert output_of(wire, Stream.OUT) == streams(chunks, Stream.OUT)
    assert output_of(wire, Stream.ERR) == streams(chunks, Stream.ERR)
    ended, ready = wire.heard[-2:]
    assert isinstance(ended, RunEnded)
    assert ended.outcome == outcome
    assert ended.members["exit_status"] == outcome.exit_status
    assert ready == Ready()


@pytest.mark.parametrize("size_bytes", [65_535, 65_536, 65_537, 1_000_000])
def test_much_output_and_input_arrive_whole(size_bytes: int) -> None:
    chances = random.Random(size_bytes)
    data = chances.randbytes(size_bytes)
    wire = wired(session(), chances, sort=Reply(run=1, takes_input=True, is_held=True))
    wire.say(wire.client.line("sort"))
    wire.say(wire.client.input(data) + wire.client.end_input())
    received = [event.data for event in wire.server.heard if isinstance(event, InputReceived)]
    assert b"".join(received) == data
    assert wire.server.heard[-1] == InputEnded()
    wire.server.finish(Outcome(OutcomeKind.EXITED), (Stream.ERR, data))
    wire.hear()
    assert output_of(wire, Stream.ERR) == data


@given(st.text(), seeds)
def test_a_line_arrives_as_it_was_sent(line: str, chances: random.Random) -> None:
    wire = wired(session(), chances)
    wire.say(wire.client.line(line))
    assert wire.server.lines == [line]
    ended = wire.heard[1]
    assert isinstance(ended, RunEnded)
    assert ended.outcome.exit_status == 127


@given(st.lists(st.sampled_from(["a", "b"]), max_size=5), seeds)
def test_one_connection_answers_line_after_line(lines: list[str], chances: random.Random) -> None:
    replies = {name: Reply(chunks=[(Stream.OUT, name.encode())]) for name in ("a", "b")}
    wire = wired(session(keep=True), chances, **replies)
    for line in lines:
        wire.say(wire.client.line(line))
    assert output_of(wire, Stream.OUT) == "".join(lines).encode()
    assert wire.heard.count(Ready()) == len(lines) + 1


@given(seeds)
def test_a_login_lets_in_or_ends(chances: random.Random) -> None:
    wire = wired(session(login=True, asks_name=True), chances, x=Reply())
    assert wire.heard == [LoginWanted(WITH_NAME)]
    wire.say(wire.client.line("alice sesame"))
    assert wire.heard[1:] == [Ready()]

    refused = wired(session(login=True), chances)
    refused.say(refused.client.line("alice open"))
    ended = refused.heard[-1]
    assert isinstance(ended, RunEnded)
    assert ended.outcome == Outcome(OutcomeKind.REFUSED, reason="the login was refused")
    assert refused.server.is_over()


def test_a_drawing_arrives() -> None:
    drawing = {"columns": [{"name": "Use%", "unit": "%"}], "rows": [[42], [None]]}
    wire = wired(session(), random.Random(1), x=Reply(drawing=drawing))
    wire.say(wire.client.line("x"))
    ended = wire.heard[1]
    assert isinstance(ended, RunEnded)
    assert ended.members["drawing"] == drawing


def test_a_door_that_turns_away_before_its_greeting_is_heard_as_text() -> None:
    server = session(login=True)
    server.bytes_to_send()
    server.login_refused("no user has uid 1000")
    wire = Wire(Dialogue(session=server), random.Random(1))
    wire.say(wire.client.hello())
    wire.client.receive_eof()
    assert wire.client.next_event() == NoFrames(b"Uh? no user has uid 1000\n")
