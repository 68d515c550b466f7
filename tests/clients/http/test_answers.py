import contextlib
import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.clients.http.answers import (
    NotOurs,
    Started,
    Told,
    read_asked,
    read_end,
    read_output,
    read_problem,
    read_takes_input,
)
from doorward.core.outcome import SUCCESS, Outcome, OutcomeKind

REFUSED = {"kind": "refused", "exit_status": 126, "reason": "bob may not run fail"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["run", "outcome", "output", "output_base64", "kind", "text", "base64", "detail", "input"]
            ),
            inner,
        )
    ),
    max_leaves=8,
)


def test_a_run_is_told_by_its_number() -> None:
    assert read_asked(b'{"run": 17, "state": "live"}') == Started(17)


@pytest.mark.parametrize(
    ("members", "output"),
    [({"output": "hi\n"}, b"hi\n"), ({"output_base64": "/w=="}, b"\xff"), ({}, b"")],
)
def test_what_the_desk_says_itself_has_no_run(members: dict[str, str], output: bytes) -> None:
    body = {"run": None, "outcome": {"kind": "exited", "exit_status": 0}, **members}
    assert read_asked(json.dumps(body).encode()) == Told(SUCCESS, output)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b"[" * 100_000,
        b'{"run": true}',
        b'{"run": 0}',
        b'{"run": -1}',
        b'{"run": "1"}',
        b'{"run": null}',
        b'{"run": null, "outcome": {"kind": "happy"}}',
        b'{"run": null, "outcome": {"kind": "exited", "status": 1e9}}',
        b'{"run": null, "outcome": {"kind": "exited"}, "output": 5}',
        b'{"run": null, "outcome": {"kind": "exited"}, "output_base64": "%"}',
        b"\xff",
    ],
)
def test_what_no_door_answers_is_not_ours(body: bytes) -> None:
    with pytest.raises(NotOurs):
        read_asked(body)


def test_a_problem_of_the_desk_says_how_it_ended() -> None:
    body = json.dumps({"title": "Forbidden", "status": 403, "detail": "no", "outcome": REFUSED}).encode()
    problem = read_problem(403, body)
    assert problem.outcome == Outcome(OutcomeKind.REFUSED, reason="bob may not run fail")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (422, OutcomeKind.INVALID),
        (429, OutcomeKind.REFUSED),
        (503, OutcomeKind.BUSY),
        (404, None),
        (599, None),
    ],
)
def test_a_problem_of_the_door_is_what_its_status_says(status: int, kind: OutcomeKind | None) -> None:
    outcome = read_problem(status, b'{"detail": "so it is"}').outcome
    assert outcome == (None if kind is None else Outcome(kind, reason="so it is"))


@pytest.mark.parametrize(
    "read", [read_asked, read_end, read_output, read_takes_input, lambda body: read_problem(404, body)]
)
@given(JSON | st.text(max_size=20))
def test_only_the_documented_error_escapes(read: Callable[[bytes | str], object], value: object) -> None:
    with contextlib.suppress(NotOurs):
        read(json.dumps(value).encode())
