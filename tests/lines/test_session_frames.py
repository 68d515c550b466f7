"""What a program sees."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.core.errors import BadFrame, ProtocolError
from doorward.core.limits import Limits
from doorward.core.outcome import Outcome, OutcomeKind, outcome_from, outcome_members
from doorward.core.settings import Language
from doorward.lines.events import Asked, CancelWanted, InputEnded, InputReceived
from tests.lines.dialogue import (
    GREETING,
    HELLO,
    Dialogue,
    Reply,
    cut_at,
    err,
    failing,
    frame,
    frames,
    keep,
    once,
    one_by_one,
    out,
    session,
    whole,
)

READY = b"ready 0\n"
LARGEST_BYTES = 65_536


def end(members: str) -> bytes:
    return frame("end", members.encode())


WELL = end('{"kind":"exited","exit_status":0}')


def read_frames(data: bytes) -> list[tuple[str, bytes]]:
    """Frames read by hand."""
    found = []
    while data:
        header, _, rest = data.partition(b"\n")
        kind, length = header.decode().split(" ")
        found.append((kind, rest[: int(length)]))
        data = rest[int(length) :]
    return found


@pytest.mark.parametrize("door", [once, keep])
@pytest.mark.parametrize("hello", [b"doorward/1\n", b"doorward/1\r\n"])
@pytest.mark.parametrize("pieces_of", [whole, one_by_one])
def test_a_first_line_asks_for_frames(
    door: Callable[[], Dialogue], hello: bytes, pieces_of: Callable[[bytes], list[bytes]]
) -> None:
    peer = door()
    assert peer.send(*pieces_of(hello)) == READY
    assert peer.session.speaks_frames
    assert peer.heard == []


@pytest.mark.parametrize(
    "line", [b"doorward/2\n", b"doorward/1 \n", b" doorward/1\n", b"Doorward/1\n", b"doorward/10\n"]
)
def test_another_line_does_not(line: bytes) -> None:
    peer = once()
    assert peer.send(line) == b"I did not understand.\n"
    assert not peer.session.speaks_frames


def test_a_second_line_does_not() -> None:
    peer = keep()
    peer.send(b"df\n")
    assert peer.send(HELLO) == b"I did not understand.\n" + GREETING
    assert not peer.session.speaks_frames


@pytest.mark.parametrize("language", Language)
def test_frames_speak_no_language(language: Language) -> None:
    peer = Dialogue(session=session(language=language))
    assert peer.send(HELLO, frame("line", b"df"), frame("line", b"huh")) == (
        READY
        + b"run 1\n1out 6\n/ 42%\n"
        + WELL
        + READY
        + end('{"kind":"unknown","exit_status":127,"reason":"there is no such command"}')
        + READY
    )


def test_streams_come_apart_and_in_order() -> None:
    assert frames().send(frame("line", b"both")) == (
        b"run 1\n2out 4\none\nerr 4\ntwo\nout 5\nthree" + WELL + READY
    )


def test_a_session_of_frames_goes_on_whatever_the_door_s_kind() -> None:
    for door in (once, keep):
        peer = door()
        peer.send(HELLO)
        for _ in range(3):
            assert peer.send(frame("line", b"df")).endswith(READY)


def test_lines_may_be_sent_ahead_of_answers_that_are_words_of_the_desk() -> None:
    peer = frames(hi=Reply(chunks=(out(b"hi\n"),)))
    assert peer.send(frame("line", b"hi") * 3) == (b"out 3\nhi\n" + WELL + READY) * 3


@pytest.mark.parametrize(
    ("outcome", "members"),
    [
        (Outcome(OutcomeKind.EXITED), {"kind": "exited", "exit_status": 0}),
        (Outcome(OutcomeKind.EXITED, status=3), {"kind": "exited", "exit_status": 3, "status": 3}),
        (
            Outcome(OutcomeKind.SIGNALLED, signal=9, cut_at_bytes=64),
            {"kind": "signalled", "exit_status": 137, "signal": 9, "cut_at_bytes": 64},
        ),
        (
            Outcome(OutcomeKind.TIMED_OUT, signal=15, after_seconds=60.0),
            {"kind": "timed out", "exit_status": 124, "signal": 15, "after_seconds": 60.0},
        ),
        (Outcome(OutcomeKind.CANCELLED), {"kind": "cancelled", "exit_status": 143}),
        (Outcome(OutcomeKind.BUSY, reason="a\nb"), {"kind": "busy", "exit_status": 125, "reason": "a\nb"}),
    ],
)
def test_the_end_tells_the_outcome(outcome: Outcome, members: dict[str, object]) -> None:
    _, (kind, content), ready = read_frames(frames(x=failing(outcome)).send(frame("line", b"x")))
    assert kind == "end"
    assert json.loads(content) == members
    assert outcome_from(json.loads(content)) == outcome
    assert ready == ("ready", b"")


def test_a_drawing_comes_with_the_end() -> None:
    drawing = {"unit": "", "figures": {"1 min": 0.5}}
    answer = frames(x=Reply(drawing=drawing)).send(frame("line", b"x"))
    assert answer.startswith(
        end('{"kind":"exited","exit_status":0,"drawing":{"unit":"","figures":{"1 min":0.5}}}')
    )


def test_a_drawing_that_fits_into_no_frame_is_left_out() -> None:
    drawing = {"columns": [{"name": "x", "unit": ""}], "rows": [["é" * 20] for _ in range(1000)]}
    assert frames(x=Reply(drawing=drawing)).send(frame("line", b"x")) == WELL + READY


@pytest.mark.parametrize("character", ["x", "\x1b", "\U0001f600", "\ud800", '"'])
def test_a_reason_that_fits_into_no_frame_is_cut(character: str) -> None:
    outcome = Outcome(OutcomeKind.UNKNOWN, reason=character * 70_000, cut_at_bytes=5)
    (kind, content), _ = read_frames(frames(x=Reply(outcome=outcome)).send(frame("line", b"x")))
    assert kind == "end"
    assert len(content) <= LARGEST_BYTES
    told = outcome_from(json.loads(content))
    assert told.kind is OutcomeKind.UNKNOWN
    assert told.cut_at_bytes == 5
    assert told.reason == character * 4096 + "..."


@pytest.mark.parametrize("limit_bytes", [1024, LARGEST_BYTES, 1024 * 1024])
@pytest.mark.parametrize("stream", [out, err])
def test_output_comes_in_frames_that_every_peer_takes(
    limit_bytes: int, stream: Callable[[bytes], tuple[object, bytes]]
) -> None:
    data = bytes(range(256)) * 1024 + b"x"
    chunk = out(data) if stream is out else err(data)
    peer = Dialogue(
        session=session(limits=Limits(frame_bytes=limit_bytes)), replies={"x": Reply(chunks=[chunk])}
    )
    *parts, _, _ = read_frames(peer.send(HELLO, frame("line", b"x"))[len(READY) :])
    assert b"".join(content for _, content in parts) == data
    assert {kind for kind, _ in parts} == {stream.__name__}
    most_bytes = min(limit_bytes, LARGEST_BYTES)
    assert [len(content) for _, content in parts[:-1]] == [most_bytes] * (len(data) // most_bytes)


def test_a_line_may_hold_what_a_frame_may() -> None:
    peer = frames()
    peer.send(frame("line", b"a\nb\r\n"), frame("line", b"x" * LARGEST_BYTES), frame("line"))
    assert peer.lines == ["a\nb\r\n", "x" * LARGEST_BYTES, ""]


def test_a_line_that_is_no_utf_8_is_asked_as_none() -> None:
    assert frames().send(frame("line", b"\xff")) == end('{"kind":"invalid","exit_status":126}') + READY


def test_who_quits_is_not_told_ready() -> None:
    peer = frames()
    assert peer.send(frame("line", b"quit") + frame("line", b"df")) == WELL
    assert peer.is_over()
    assert peer.is_overfed()
    assert peer.lines == ["quit"]


# Input and cancelling


def test_a_run_that_takes_input_says_so_and_gets_it() -> None:
    peer = frames()
    assert peer.send(frame("line", b"sort")) == b"run 7\n5 input"
    peer.send(frame("in", b"b\n"), frame("in", b"eof 0\n"), frame("eof"))
    assert peer.heard[1:] == [InputReceived(b"b\n"), InputReceived(b"eof 0\n"), InputEnded()]
    assert peer.finish() == WELL + READY


def test_input_may_follow_its_line_at_once() -> None:
    peer = frames()
    peer.send(frame("line", b"sort") + frame("in", b"a") + frame("eof"))
    assert peer.heard == [Asked("sort"), InputReceived(b"a"), InputEnded()]


def test_input_after_its_end_is_dropped_and_it_ends_once() -> None:
    peer = frames()
    peer.send(frame("line", b"sort"), frame("eof"), frame("in", b"a"), frame("eof"))
    assert peer.heard == [Asked("sort"), InputEnded()]


def test_an_empty_piece_of_input_is_no_end_of_it() -> None:
    peer = frames()
    peer.send(frame("line", b"sort"), frame("in"))
    assert peer.heard == [Asked("sort")]


def test_input_for_a_run_that_takes_none_is_dropped() -> None:
    peer = frames()
    peer.send(frame("line", b"wait"), frame("in", b"a"), frame("eof"))
    assert peer.heard == [Asked("wait")]


def test_the_next_run_has_an_input_of_its_own() -> None:
    peer = frames()
    peer.send(frame("line", b"sort"), frame("eof"))
    peer.finish()
    peer.send(frame("line", b"sort"), frame("in", b"a"))
    assert peer.heard == [Asked("sort"), InputEnded(), Asked("sort"), InputReceived(b"a")]


def test_a_run_can_be_cancelled_and_its_end_comes() -> None:
    peer = frames()
    peer.send(frame("line", b"wait"))
    assert peer.send(frame("cancel"), frame("cancel")) == b""
    assert peer.heard[1:] == [CancelWanted(), CancelWanted()]
    outcome = Outcome(OutcomeKind.CANCELLED, signal=15)
    assert peer.finish(outcome) == end('{"kind":"cancelled","exit_status":143,"signal":15}') + READY


@pytest.mark.parametrize("late", [frame("in", b"a"), frame("eof"), frame("cancel")])
def test_what_was_meant_for_an_answer_that_has_ended_is_dropped(late: bytes) -> None:
    peer = frames()
    assert peer.send(late) == b""
    peer.send(frame("line", b"df"))
    assert peer.send(late * 3 + frame("line", b"df")).startswith(b"run 1\n1")
    assert peer.heard == [Asked("df"), Asked("df")]


def test_cancel_and_eof_may_have_content_that_nobody_reads() -> None:
    peer = frames()
    peer.send(frame("line", b"sort"), frame("eof", b"x"), frame("cancel", b"line 2\ndf"))
    assert peer.heard == [Asked("sort"), InputEnded(), CancelWanted()]


# What breaks the protocol


def test_a_line_during_an_answer_is_a_bad_frame() -> None:
    peer = frames()
    peer.send(frame("line", b"wait"))
    with pytest.raises(BadFrame):
        peer.send(frame("line", b"df"))
    assert peer.is_over()
    assert peer.lines == ["wait"]


@pytest.mark.parametrize("kind", ["ready", "login", "run", "out", "err", "end", "huh"])
def test_a_kind_that_a_peer_does_not_send_is_a_bad_frame(kind: str) -> None:
    for asked in (b"", frame("line", b"wait")):
        peer = frames()
        peer.send(asked)
        with pytest.raises(BadFrame):
            peer.send(frame(kind))
        assert peer.is_over()


def test_what_was_said_before_a_bad_frame_is_still_sent() -> None:
    peer = frames()
    with pytest.raises(BadFrame):
        peer.send(frame("line", b"df") + b"df\n")
    assert peer.said.endswith(WELL + READY)
    assert peer.send(frame("line", b"df")) == b""


@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=5))
def test_only_a_protocol_error_escapes(data: bytes, places: list[int]) -> None:
    peer = frames()
    try:
        peer.send(*cut_at(data, places))
    except ProtocolError:
        assert peer.is_over()


# The end of the connection


def test_a_peer_that_ends_its_side_has_left() -> None:
    peer = frames()
    peer.send(frame("line", b"wait"))
    assert peer.half_close() == b""
    assert peer.is_over()
    assert peer.finish() == b""


def test_a_hello_and_the_end_may_be_told_in_one_go() -> None:
    peer = once()
    peer.session.receive_data(HELLO + frame("line", b"df"))
    assert peer.half_close() == b""
    assert peer.is_over()
    assert peer.heard == []


def test_outcomes_of_every_kind_are_read_back() -> None:
    for kind in OutcomeKind:
        outcome = Outcome(kind, reason="why")
        assert outcome_from(outcome_members(outcome)) == outcome
