"""A stream that was given a name can be cancelled by itself, as Ctrl-C does at every other door."""

import pytest

from tests.doors.web_api.calls import Program, read_event


def events(number: int, reader: str) -> str:
    return f"/api/v1/runs/{number}/events?reader={reader}"


def test_a_named_stream_alone_is_taken_off_what_is_read_beside_it(root: Program) -> None:
    number = root.begin("hold")
    cancel = f"/api/v1/runs/{number}/cancel"
    with (
        root.asking("GET", events(number, "one"), headers={}) as one,
        root.asking("GET", events(number, "two"), headers={}) as two,
    ):
        assert [read_event(each).name for each in (one, two)] == ["out", "out"]
        heard = root.post(cancel, {"reader": "one"})
        assert (heard.status, heard.json["message"]) == (202, f"Run {number} goes on for others.")
        assert read_event(one).data["outcome"]["reason"] == "it goes on for others"
        # it was the last one that is left: now the run is stopped
        heard = root.post(cancel, {"reader": "two"})
        assert (heard.status, heard.json["message"]) == (202, f"Run {number} is being stopped.")
        assert read_event(two).data["outcome"] == {"kind": "cancelled", "exit_status": 143, "signal": 15}


def test_a_name_belongs_to_its_user_and_run_and_to_nobody_after_the_stream(
    alice: Program, bob: Program
) -> None:
    number, other = alice.begin("shared"), alice.begin("hold")
    assert bob.begin("shared") == number
    with alice.asking("GET", events(number, "mine"), headers={}) as response:
        read_event(response)
        for program, run, reader in ((bob, number, "mine"), (alice, other, "mine"), (alice, number, "other")):
            heard = program.post(f"/api/v1/runs/{run}/cancel", {"reader": reader})
            assert (heard.status, heard.json["detail"]) == (409, f"nobody called so follows run {run} now")
    for program, run in ((alice, number), (bob, number), (alice, other)):
        assert program.post(f"/api/v1/runs/{run}/cancel").status == 202
    assert alice.post(f"/api/v1/runs/{other}/cancel", {"reader": "mine"}).status == 409


@pytest.mark.parametrize("reader", ["", "a%20b", "a" * 65, "%C3%A9", "a&reader=b"])
def test_what_is_no_name_is_refused(alice: Program, reader: str) -> None:
    number = alice.ended("lines")["run"]
    heard = alice.get(events(number, reader))
    assert (heard.status, heard.json["errors"][0]["parameter"]) == (422, "reader")


def test_a_refusal_of_the_desk_says_how_it_ended(bob: Program) -> None:
    for line, status, outcome in (
        ("greet x", 403, {"kind": "refused", "exit_status": 126, "reason": "bob may not run greet"}),
        ("greeet", 404, {"kind": "unknown", "exit_status": 127, "reason": "there is no command 'greeet'"}),
    ):
        heard = bob.post("/api/v1/runs", {"line": line})
        assert (heard.status, heard.json["outcome"]) == (status, outcome)
