"""Stdin in the text protocol: whatever follows the line, to the half-close."""

from hypothesis import given
from hypothesis import strategies as st

from doorward.core.outcome import SUCCESS, Outcome, OutcomeKind
from doorward.lines.events import Asked, InputEnded, InputReceived
from tests.lines.dialogue import Dialogue, chunkings, cut_at, keep, once, out, session


def input_of(peer: Dialogue) -> bytes:
    return b"".join(event.data for event in peer.heard if isinstance(event, InputReceived))


@given(st.binary(max_size=200), chunkings(200))
def test_what_follows_the_line_is_input_in_any_chunking(data: bytes, places: list[int]) -> None:
    peer = once()
    peer.send(*cut_at(b"sort\n" + data, places))
    peer.half_close()
    assert peer.heard[0] == Asked("sort")
    assert input_of(peer) == data
    assert peer.heard[-1] == InputEnded()
    assert peer.heard.count(InputEnded()) == 1
    assert peer.finish(SUCCESS, out(b"sorted\n")) == b"sorted\n"
    assert not peer.is_overfed()


@given(st.binary(max_size=200), chunkings(200))
def test_input_that_was_cut_is_never_taken_for_all_of_it(data: bytes, places: list[int]) -> None:
    peer = once()
    peer.send(*cut_at(b"sort\n" + data, places))
    peer.session.receive_eof(was_cut=True)
    while peer.session.next_event() is not None:
        pass
    assert InputEnded() not in peer.heard
    assert peer.is_over()


def test_an_end_that_was_cut_before_the_run_began_counts_when_it_has() -> None:
    asked = session()
    asked.receive_data(b"sort\nhalf of the inp")
    asked.receive_eof(was_cut=True)
    assert asked.next_event() == Asked("sort")
    asked.run_started(1, takes_input=True)
    assert asked.next_event() == InputReceived(b"half of the inp")
    assert asked.next_event() is None
    assert asked.is_over


def test_an_end_that_was_cut_does_no_harm_to_a_line_that_takes_no_input() -> None:
    asked = session()
    asked.receive_data(b"df\n")
    assert asked.next_event() == Asked("df")
    asked.run_started(1, takes_input=False)
    asked.receive_eof(was_cut=True)
    assert asked.next_event() is None
    assert not asked.is_over


def test_lines_behind_it_are_input_and_never_run() -> None:
    peer = once()
    peer.send(b"sort\ndf\n")
    assert peer.lines == ["sort"]
    assert input_of(peer) == b"df\n"


def test_much_input_is_passed_on_and_not_held() -> None:
    peer = once()
    peer.send(b"sort\n", b"x" * 1_000_000)
    assert len(input_of(peer)) == 1_000_000
    assert peer.wants_data()


def test_a_run_that_takes_none_gets_none() -> None:
    peer = once()
    peer.send(b"wait\nx")
    peer.half_close()
    assert peer.heard == [Asked("wait")]
    peer.finish()
    # its end came: nothing more of it can be on the way
    assert not peer.is_overfed()


def test_where_lines_may_follow_nothing_is_input() -> None:
    peer = keep()
    peer.send(b"sort\ndf\n")
    assert not peer.session.can_give_input
    assert peer.heard == [Asked("sort")]
    peer.finish()
    assert peer.lines == ["sort", "df"]
    assert input_of(peer) == b""


def test_input_after_the_answer_is_dropped() -> None:
    peer = once()
    peer.send(b"sort\na")
    peer.finish(Outcome(OutcomeKind.EXITED, status=1))
    assert peer.send(b"b") == b""
    assert input_of(peer) == b"a"
    assert peer.is_overfed()
