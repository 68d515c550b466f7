import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.core.outcome import Outcome, OutcomeKind
from doorward.core.told_ends import read_end, tell_end

OUTCOMES = [
    Outcome(OutcomeKind.EXITED, status=255),
    Outcome(OutcomeKind.SIGNALLED, signal=9, cut_at_bytes=7),
    Outcome(OutcomeKind.TIMED_OUT, after_seconds=0.2),
    Outcome(OutcomeKind.REFUSED, reason="é\n"),
]


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_what_is_told_is_read(outcome: Outcome) -> None:
    drawing = {"columns": ["a"], "rows": [["1"]]}
    assert read_end(tell_end(outcome, number=7, drawing=drawing)) == (outcome, 7, drawing)
    assert read_end(tell_end(outcome)) == (outcome, 0, None)


def test_what_does_not_fit_into_a_packet_is_left_out() -> None:
    outcome = Outcome(OutcomeKind.REFUSED, reason="\x01" * 100_000)
    told = tell_end(outcome, number=7, drawing={"rows": ["x" * 100_000]})
    assert len(told) < 16 * 1024
    read, number, drawing = read_end(told)
    assert (read.kind, number, drawing) == (OutcomeKind.REFUSED, 7, None)


@given(st.text())
def test_what_was_not_told_so_is_one_kind_of_error(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the contract
        read_end(text)
