import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.core.launch import Ending, Exited, Lost, NotStarted, Raised, Signalled, Unkillable
from doorward.core.outcome import (
    SUCCESS,
    Outcome,
    OutcomeKind,
    end_words,
    last_lines,
    outcome_from,
    outcome_members,
    outcome_of,
)

K = OutcomeKind

outcomes = st.builds(
    Outcome,
    st.sampled_from(OutcomeKind),
    status=st.integers(0, 255),
    signal=st.integers(0, 64),
    reason=st.text(),
    after_seconds=st.floats(0, 604_800),
    cut_at_bytes=st.integers(0, 2**40),
)


@given(outcomes)
def test_what_was_written_is_read_again_as_itself(outcome: Outcome) -> None:
    assert outcome_from(outcome_members(outcome)) == outcome
    assert outcome_from(json.loads(json.dumps(outcome_members(outcome), allow_nan=False))) == outcome


@pytest.mark.parametrize(
    ("members", "words"),
    [
        (outcome_members(SUCCESS), "exit status 0"),
        (outcome_members(Outcome(K.EXITED, status=3)), "exit status 3"),
        (outcome_members(Outcome(K.SIGNALLED, signal=9)), "signal 9"),
        (outcome_members(Outcome(K.TIMED_OUT, signal=9, after_seconds=2)), "timed out"),
        ({"kind": "of a\nnewer daemon"}, r"of a\nnewer daemon"),
    ],
)
def test_an_end_is_told_in_a_few_words_on_one_line(members: dict[str, object], words: str) -> None:
    assert end_words(members) == words


@given(outcomes, st.text())
def test_members_that_are_not_known_are_passed_over(outcome: Outcome, name: str) -> None:
    members = outcome_members(outcome)
    assert outcome_from({f"x-{name}": None, **members, "exit_status": "?"}) == outcome


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from([k.value for k in K]),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(), inside, max_size=3),
    max_leaves=5,
)
member_names = st.sampled_from(("kind", "status", "signal", "reason", "after_seconds", "cut_at_bytes"))


@given(st.dictionaries(member_names, json_values))
def test_hostile_members_are_an_outcome_or_a_value_error(members: dict[str, object]) -> None:
    try:
        outcome = outcome_from(members)
    except ValueError:
        return
    assert outcome.kind.value == members["kind"]
    assert 0 <= outcome.exit_status <= 255
    assert math.isfinite(outcome.after_seconds)
    assert isinstance(outcome.reason, str)
    assert outcome_from(outcome_members(outcome)) == outcome


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"kind": None},
        {"kind": "EXITED"},
        {"kind": []},
        {"kind": {}},
        {"kind": "exited", "status": 256},
        {"kind": "exited", "status": -1},
        {"kind": "exited", "status": True},
        {"kind": "exited", "status": 1.0},
        {"kind": "exited", "status": "1"},
        {"kind": "exited", "status": None},
        {"kind": "signalled", "signal": 65},
        {"kind": "timed out", "after_seconds": math.nan},
        {"kind": "timed out", "after_seconds": math.inf},
        {"kind": "timed out", "after_seconds": -1},
        {"kind": "timed out", "after_seconds": True},
        {"kind": "timed out", "after_seconds": 10**400},
        {"kind": "exited", "cut_at_bytes": 2**40 + 1},
        {"kind": "failed", "reason": ["a"]},
        {"kind": "failed", "reason": None},
    ],
)
def test_members_that_cannot_be_are_value_errors(members: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"is no |is not a valid"):
        outcome_from(members)


@pytest.mark.parametrize(
    ("outcome", "exit_status", "lines"),
    [
        (SUCCESS, 0, []),
        (Outcome(K.EXITED, status=3), 3, ["exit status 3"]),
        (Outcome(K.EXITED, status=255), 255, ["exit status 255"]),
        (Outcome(K.SIGNALLED, signal=9), 137, ["killed by signal 9"]),
        (Outcome(K.SIGNALLED, signal=64), 192, ["killed by signal 64"]),
        (Outcome(K.TIMED_OUT, after_seconds=60.0), 124, ["stopped after 60 s"]),
        (Outcome(K.TIMED_OUT, after_seconds=0.25, signal=15), 124, ["stopped after 0.25 s"]),
        (Outcome(K.TIMED_OUT, after_seconds=604_800.0), 124, ["stopped after 604800 s"]),
        (Outcome(K.CANCELLED), 143, ["cancelled"]),
        (Outcome(K.CANCELLED, signal=9), 137, ["cancelled"]),
        (Outcome(K.UNKILLABLE), 125, ["could not be killed"]),
        (Outcome(K.FAILED, reason="no such file"), 125, []),
        (Outcome(K.BUSY, reason="busy"), 125, []),
        (Outcome(K.REFUSED, reason="no"), 126, []),
        (Outcome(K.INVALID, reason="no"), 126, []),
        (Outcome(K.UNKNOWN), 127, []),
        (Outcome(K.EXITED, cut_at_bytes=1_048_576), 0, ["output cut at 1048576 bytes"]),
        (Outcome(K.EXITED, status=3, cut_at_bytes=64), 3, ["output cut at 64 bytes", "exit status 3"]),
        (
            Outcome(K.SIGNALLED, signal=15, cut_at_bytes=64),
            143,
            ["output cut at 64 bytes", "killed by signal 15"],
        ),
        (
            Outcome(K.TIMED_OUT, after_seconds=5, cut_at_bytes=64),
            124,
            ["output cut at 64 bytes", "stopped after 5 s"],
        ),
    ],
)
def test_an_outcome_has_this_exit_status_and_these_last_lines(
    outcome: Outcome, exit_status: int, lines: list[str]
) -> None:
    assert outcome.exit_status == exit_status
    assert last_lines(outcome) == lines
    assert outcome_members(outcome)["exit_status"] == exit_status


@pytest.mark.parametrize("kind", OutcomeKind)
def test_every_kind_has_an_exit_status_and_last_lines(kind: OutcomeKind) -> None:
    assert 0 <= Outcome(kind).exit_status <= 255
    assert all(line.isprintable() for line in last_lines(Outcome(kind)))


@given(outcomes)
def test_only_a_whole_output_and_a_zero_is_a_success(outcome: Outcome) -> None:
    assert outcome.is_success == (
        outcome.kind is K.EXITED and outcome.exit_status == 0 and last_lines(outcome) == []
    )


@pytest.mark.parametrize(
    ("ending", "outcome"),
    [
        (Exited(0), SUCCESS),
        (Exited(3), Outcome(K.EXITED, status=3)),
        (Signalled(9), Outcome(K.SIGNALLED, signal=9)),
        (NotStarted(2, "no such file"), Outcome(K.FAILED, reason="no such file")),
        (Lost("the guard is gone"), Outcome(K.FAILED, reason="the guard is gone")),
        (Raised("a1b2"), Outcome(K.FAILED, reason="it failed; the log explains a1b2")),
        (Unkillable(), Outcome(K.UNKILLABLE)),
    ],
)
def test_an_end_is_this_outcome(ending: Ending, outcome: Outcome) -> None:
    assert outcome_of(ending) == outcome


def test_members_that_are_empty_are_left_out() -> None:
    assert outcome_members(SUCCESS) == {"kind": "exited", "exit_status": 0}
    assert outcome_members(Outcome(K.EXITED, status=3, cut_at_bytes=64)) == {
        "kind": "exited",
        "exit_status": 3,
        "status": 3,
        "cut_at_bytes": 64,
    }
