"""What a person at nc sees."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.core.errors import LineTooLong, ProtocolError
from doorward.core.limits import Limits
from doorward.core.outcome import SUCCESS, Outcome, OutcomeKind
from doorward.core.settings import Language
from doorward.lines.events import Asked, LoginTried
from tests.lines.dialogue import (
    GREETING,
    HELLO,
    Dialogue,
    Reply,
    chunkings,
    cut_at,
    err,
    failing,
    keep,
    once,
    one_by_one,
    out,
    session,
    whole,
)

either = pytest.mark.parametrize("door", [once, keep])


@either
def test_the_server_greets_first(door: Callable[[], Dialogue]) -> None:
    assert door().said == GREETING


def test_once_answers_one_line_and_closes() -> None:
    peer = once()
    assert peer.send(b"df\n") == b"/ 42%\n"
    assert peer.is_over()
    assert not peer.is_overfed()


def test_keep_answers_and_greets_again() -> None:
    peer = keep()
    assert peer.send(b"df\n") == b"/ 42%\n" + GREETING
    assert peer.send(b"df\n") == b"/ 42%\n" + GREETING
    assert not peer.is_over()


@either
@pytest.mark.parametrize("line", [b"df\n", b"df\r\n"])
@pytest.mark.parametrize("pieces_of", [whole, one_by_one])
def test_a_line_ends_in_lf_or_crlf(
    door: Callable[[], Dialogue], line: bytes, pieces_of: Callable[[bytes], list[bytes]]
) -> None:
    peer = door()
    assert peer.send(*pieces_of(line)).startswith(b"/ 42%\n")
    assert peer.heard == [Asked("df")]


def test_both_streams_come_together_in_their_order() -> None:
    assert once().send(b"both\n") == b"one\ntwo\nthree"


def test_french_is_spoken_but_for_reasons_and_last_lines() -> None:
    peer = Dialogue(session=session(keep=True, language=Language.FRENCH))
    greeting = b"Que puis-je faire pour vous ?\n"
    assert peer.said == greeting
    assert peer.send(b"huh\n") == b"Je n'ai rien compris.\n" + greeting
    assert peer.send(b"fail\n") == b"no\nexit status 3\n" + greeting


@either
@pytest.mark.parametrize("line", [b"nonsense\n", b"\n", b"\r\n", b"DF\n"])
def test_an_unknown_command_is_not_understood(door: Callable[[], Dialogue], line: bytes) -> None:
    assert door().send(line).startswith(b"I did not understand.\n")


@either
@pytest.mark.parametrize("line", [b"\xff\n", b"df \xc3\n", b"\xed\xa0\x80\n"])
def test_bad_utf_8_is_uh(door: Callable[[], Dialogue], line: bytes) -> None:
    peer = door()
    assert peer.send(line).startswith(b"Uh?\n")
    assert peer.lines == [None]


@pytest.mark.parametrize(
    ("kind", "reason", "said"),
    [
        (OutcomeKind.INVALID, "", b"Uh?\n"),
        (OutcomeKind.INVALID, "count: expected an integer", b"Uh? count: expected an integer\n"),
        (OutcomeKind.REFUSED, "not for guests", b"Uh? not for guests\n"),
        (OutcomeKind.BUSY, "busy", b"Uh? busy\n"),
        (OutcomeKind.FAILED, "no such\nfile", b"Uh? no such file\n"),
        (OutcomeKind.UNKNOWN, "", b"I did not understand.\n"),
        (OutcomeKind.CANCELLED, "nobody read it", b"cancelled\n"),
        (OutcomeKind.UNKILLABLE, "", b"could not be killed\n"),
    ],
)
@pytest.mark.parametrize("output", [b"", b"x", b"x\n", b"x\r"])
def test_what_is_said_last_stands_on_a_line_of_its_own(
    kind: OutcomeKind, reason: str, said: bytes, output: bytes
) -> None:
    chunks = [out(output)] if output else []
    answer = once(bad=failing(Outcome(kind, reason=reason), *chunks)).send(b"bad\n")
    lf = b"\n" if output and not output.endswith(b"\n") else b""
    assert answer == output + lf + said


@pytest.mark.parametrize(
    ("outcome", "lines"),
    [
        (SUCCESS, b""),
        (Outcome(OutcomeKind.EXITED, status=3), b"exit status 3\n"),
        (Outcome(OutcomeKind.SIGNALLED, signal=9), b"killed by signal 9\n"),
        (Outcome(OutcomeKind.TIMED_OUT, signal=15, after_seconds=60.0), b"stopped after 60 s\n"),
        (Outcome(OutcomeKind.TIMED_OUT, after_seconds=0.5), b"stopped after 0.5 s\n"),
        (Outcome(OutcomeKind.EXITED, cut_at_bytes=1048576), b"output cut at 1048576 bytes\n"),
        (
            Outcome(OutcomeKind.SIGNALLED, signal=13, cut_at_bytes=9),
            b"output cut at 9 bytes\nkilled by signal 13\n",
        ),
    ],
)
def test_an_end_that_is_not_all_well_is_told(outcome: Outcome, lines: bytes) -> None:
    assert once(bad=failing(outcome, out(b"a\n"))).send(b"bad\n") == b"a\n" + lines
    assert once(bad=failing(outcome)).send(b"bad\n") == lines
    without_lf = once(bad=failing(outcome, out(b"a\n"), err(b"b"))).send(b"bad\n")
    assert without_lf == b"a\nb" + (b"\n" if lines else b"") + lines


def test_output_without_lf_comes_as_it_is_once_and_stands_apart_from_the_next_greeting() -> None:
    assert once().send(b"both\n").endswith(b"three")
    assert keep().send(b"both\n").endswith(b"three\n" + GREETING)


def test_whether_output_ended_in_lf_is_forgotten_with_its_answer() -> None:
    peer = keep(empty=Reply())
    peer.send(b"both\n")
    assert peer.send(b"empty\n") == GREETING


def test_once_drops_a_second_line_and_says_that_it_was_fed_too_much() -> None:
    peer = once()
    assert peer.send(b"df\ndf\n") == b"/ 42%\n"
    assert peer.lines == ["df"]
    assert peer.is_overfed()


@pytest.mark.parametrize("late", [b"df\n", b"x"])
def test_once_drops_what_comes_during_and_after_the_answer(late: bytes) -> None:
    peer = once()
    peer.send(b"wait\n")
    assert peer.send(late) == b""
    assert peer.is_overfed()
    assert peer.wants_data()
    assert peer.finish() == b""
    assert peer.send(late) == b""
    assert peer.lines == ["wait"]
    assert peer.session._splitter.held_bytes == 0


def test_keep_serves_a_second_line_next() -> None:
    peer = keep()
    assert peer.send(b"wait\ndf\n") == b""
    assert peer.lines == ["wait"]
    assert peer.finish() == GREETING + b"/ 42%\n" + GREETING
    assert peer.lines == ["wait", "df"]
    assert not peer.is_overfed()


def test_who_quits_is_greeted_no_more_and_what_followed_is_dropped() -> None:
    peer = keep()
    assert peer.send(b"quit\ndf\n") == b""
    assert peer.is_over()
    assert peer.is_overfed()
    assert peer.lines == ["quit"]


# Half-close


@either
def test_a_peer_that_ends_without_a_line_is_closed_without_a_word(door: Callable[[], Dialogue]) -> None:
    peer = door()
    assert peer.half_close() == b""
    assert peer.is_over()
    assert peer.heard == []


@either
@pytest.mark.parametrize("cut", [b"df", b"d", b"df\r", b" ", b"\xff"])
def test_a_line_that_is_cut_short_is_not_run(door: Callable[[], Dialogue], cut: bytes) -> None:
    peer = door()
    peer.send(cut)
    assert peer.half_close().startswith(b"Uh?\n")
    assert peer.is_over()
    assert peer.lines == [None]


def test_a_peer_may_end_its_side_after_its_line_and_read_the_answer() -> None:
    peer = once()
    peer.send(b"wait\n")
    assert peer.half_close() == b""
    assert not peer.is_over()
    assert peer.finish(SUCCESS, out(b"done\n")) == b"done\n"
    assert peer.is_over()
    assert not peer.is_overfed()


def test_keep_serves_every_line_before_the_end() -> None:
    peer = keep()
    peer.send(b"wait\ndf\ndf")
    assert peer.half_close() == b""
    assert peer.finish() == GREETING + b"/ 42%\n" + GREETING + b"Uh?\n" + GREETING
    assert peer.lines == ["wait", "df", None]
    assert peer.is_over()


@either
def test_a_line_and_the_end_may_be_told_in_one_go(door: Callable[[], Dialogue]) -> None:
    peer = door()
    peer.session.receive_data(b"df\n")
    assert peer.half_close().startswith(b"/ 42%\n")
    assert peer.is_over()


# Bounds


@either
@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
def test_a_line_of_8192_bytes_is_asked(door: Callable[[], Dialogue], ending: bytes) -> None:
    peer = door()
    peer.send(b"x" * 8192 + ending)
    assert peer.lines == ["x" * 8192]


@either
@pytest.mark.parametrize("ending", [b"", b"\n", b"\r\n"])
def test_one_byte_more_closes_without_a_word(door: Callable[[], Dialogue], ending: bytes) -> None:
    peer = door()
    with pytest.raises(LineTooLong):
        peer.send(b"x" * 8193 + ending)
    assert peer.is_over()
    assert peer.said == GREETING
    assert peer.heard == []
    assert peer.session._splitter.held_bytes == 0


def test_reading_stops_while_much_waits_behind_an_answer_and_goes_on_after_it() -> None:
    limits = Limits()
    peer = keep()
    peer.send(b"wait\n")
    bound_bytes = limits.line_bytes + limits.frame_bytes
    peer.send(b"df\n" * (bound_bytes // 3))
    assert peer.wants_data()
    peer.send(b"df\n")
    assert not peer.wants_data()
    peer.finish()
    assert peer.wants_data()
    assert len(peer.lines) == 2 + bound_bytes // 3


@given(st.integers(64, 300), st.binary(max_size=400), chunkings(400))
def test_a_peer_that_is_waited_for_is_read(line_bytes: int, data: bytes, places: list[int]) -> None:
    peer = Dialogue(session=session(keep=True, limits=Limits(line_bytes=line_bytes, frame_bytes=1024)))
    for piece in cut_at(data, places):
        try:
            peer.send(piece)
        except ProtocolError:
            return
        assert peer.wants_data()


# Patience


def test_patience_is_of_the_state() -> None:
    limits = Limits(first_line_seconds=1, idle_seconds=2, login_seconds=3)
    peer = Dialogue(session=session(keep=True, limits=limits))
    assert peer.patience_seconds() == 1
    peer.send(b"wait\n")
    assert peer.patience_seconds() is None
    peer.finish()
    assert peer.patience_seconds() == 2
    peer.send(b"quit\n")
    assert peer.patience_seconds() is None


def test_patience_with_a_login_spans_all_of_it() -> None:
    peer = session(login=True, limits=Limits(first_line_seconds=1, login_seconds=3))
    assert peer.patience_seconds == 3
    peer.receive_data(HELLO + b"line 6\nsesame")
    assert peer.next_event() == LoginTried("sesame")
    assert peer.patience_seconds == 3
    peer.logged_in()
    assert peer.patience_seconds == 1


# The end


def test_an_answer_that_comes_after_the_end_is_heard_by_nobody() -> None:
    peer = once()
    peer.send(b"wait\n")
    peer.session.close()
    assert peer.finish(Outcome(OutcomeKind.EXITED, status=1), out(b"late")) == b""
    peer.session.run_started(9, takes_input=True)
    peer.session.logged_in()
    peer.session.login_refused("late")
    assert peer.session.bytes_to_send() == b""


def test_an_answer_to_nothing_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(AssertionError, match="READY"):
        session().output(*out(b"x"))
    with pytest.raises(AssertionError, match="READY"):
        session().run_started(1, takes_input=False)
    with pytest.raises(AssertionError, match="READY"):
        session().run_ended(SUCCESS)
    with pytest.raises(KeyError):
        session().logged_in()
