"""Runs are begun over the API, waited for, and cancelled."""

import base64

import pytest

from tests.doors.daemon import until
from tests.doors.web_api.calls import Program


def test_a_run_is_accepted_and_found_at_its_address(alice: Program) -> None:
    number = alice.begin("lines")
    run = alice.get(f"/api/v1/runs/{number}?wait=15").json
    assert (run["run"], run["state"], run["command"]) == (number, "ended", "lines")
    assert run["outcome"] == {"kind": "exited", "exit_status": 0}
    assert run["readers"] == 0
    assert number in [each["run"] for each in alice.get("/api/v1/runs").json["runs"]]


def test_who_waits_gets_the_output(alice: Program) -> None:
    run = alice.ended("both")
    assert sorted([run["output"][:3], run["output"][3:]]) == ["err", "out"]
    assert run["outcome"] == {"kind": "exited", "exit_status": 3, "status": 3}


def test_who_waits_too_short_gets_the_run_as_it_is(alice: Program) -> None:
    heard = alice.post("/api/v1/commands/hold/runs?wait=0.05")
    assert (heard.status, heard.json["state"], heard.json["outcome"]) == (202, "live", None)
    number = heard.json["run"]
    assert alice.post(f"/api/v1/runs/{number}/cancel").status == 202
    assert alice.get(f"/api/v1/runs/{number}?wait=15").json["outcome"]["kind"] == "cancelled"


def test_output_that_is_no_text_comes_as_base64(alice: Program) -> None:
    run = alice.ended("bytes")
    assert base64.b64decode(run["output_base64"]) == b"\xff\0\xc3"
    assert "output" not in run


def test_a_drawing_comes_with_the_run(alice: Program) -> None:
    run = alice.ended("df")
    assert run["drawing"]["columns"][0] == {"name": "file system", "unit": ""}
    assert alice.get(f"/api/v1/runs/{run['run']}").json["drawing"] == run["drawing"]


def test_values_come_by_name_and_type(alice: Program) -> None:
    values = {"name": "déjà vu", "times": 5, "loud": True, "part": -0.25}
    run = alice.ended("greet", {"parameters": values})
    assert run["output"] == "déjà vu 5 -l -0.25\n"
    assert run["words"] == "greet 'name=déjà vu' times=5 loud=yes part=-0.25"
    assert alice.ended("greet", {"parameters": {"name": "a", "times": 5.0}})["output"] == "a 5 0.5\n"


def test_a_secret_is_shown_to_nobody(alice: Program) -> None:
    run = alice.ended("greet", {"parameters": {"name": "a", "key": "hush"}})
    assert "hush" not in str(run)
    assert "/dev/fd/" in run["output"]


def test_all_that_is_wrong_is_told_at_once(alice: Program) -> None:
    values = {"times": "five", "loud": 1, "key": 5, "part": 2, "nmae": "a"}
    heard = alice.post("/api/v1/commands/greet/runs", {"parameters": values})
    assert (heard.status, heard.headers["content-type"]) == (422, "application/problem+json")
    told = {each["parameter"]: each["detail"] for each in heard.json["errors"]}
    assert told == {
        "times": "expected a JSON integer, an integer from 1 to 10",
        "loud": "expected true or false, yes or no",
        "key": "expected a JSON string, a secret of 1 to 1024 characters",
        "name": "expected a text of 1 to 256 characters that does not begin with a dash, got nothing",
        "part": 'expected a number from -1 to 1, got "2"',
        "": 'expected a parameter of greet, got "nmae"; did you mean name?',
    }


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"{}", 422),
        (b"[]", 422),
        (b'{"parameters": []}', 422),
        (b'{"parameters": {"name": null}}', 422),
        (b'{"parameters": {"name": "a"}, "inptu": ""}', 422),
        (b'{"parameters": {"name": "a"}, "input": ""}', 422),
        (b'{"parameters": {"name": "a\\u0000b"}}', 422),
        (b'{"parameters": {"name": "a", "times": 1e400}}', 422),
        (b'{"parameters": {"name": "a", "times": 99999999999999999999999}}', 422),
        (b'{"parameters": {"name": "a"}', 400),
        (b"name=a", 400),
        (b'{"parameters": {"name": "\xff"}}', 400),
        (b'{"parameters": {"name": "\\ud800"}}', 400),
        (b'\xef\xbb\xbf{"parameters": {"name": "a"}}', 400),
    ],
)
def test_a_body_that_does_not_do_begins_nothing(alice: Program, body: bytes, status: int) -> None:
    headers = {"Content-Type": "application/json"} if body else {}
    heard = alice.call("POST", "/api/v1/commands/greet/runs", body=body, headers=headers)
    assert (heard.status, heard.json["status"]) == (status, status)


def test_no_body_is_as_good_as_an_empty_one(alice: Program) -> None:
    assert alice.ended("lines")["output"] == "one\ntwo\n"
    assert alice.ended("lines", {})["output"] == "one\ntwo\n"
    assert alice.ended("lines", {"parameters": {}})["output"] == "one\ntwo\n"


def test_input_comes_as_text_or_as_bytes_and_ends(alice: Program) -> None:
    assert alice.ended("copy", {"input": "déjà\n"})["output"] == "déjà\n"
    said = bytes(range(256)) * 1024
    run = alice.ended("copy", {"input_base64": base64.b64encode(said).decode()})
    assert base64.b64decode(run["output_base64"]) == said
    assert alice.ended("copy")["output"] == ""
    both = alice.post("/api/v1/commands/copy/runs", {"input": "", "input_base64": ""})
    assert (both.status, both.json["errors"][0]["parameter"]) == (422, "input_base64")


def test_a_line_is_answered_as_at_every_other_door(alice: Program) -> None:
    run = alice.post("/api/v1/runs?wait=15", {"line": "greet 'a  b' 2"}).json
    assert (run["command"], run["output"]) == ("greet", "a  b 2 0.5\n")
    copied = alice.post("/api/v1/runs?wait=15", {"line": "copy", "input": "a"}).json
    assert copied["output"] == "a"


def test_what_the_desk_says_itself_has_no_run(alice: Program) -> None:
    for heard in (
        alice.post("/api/v1/runs", {"line": "echo a b"}),
        alice.post("/api/v1/commands/echo/runs", {"parameters": {"words": ["a", "b"]}}),
    ):
        assert (heard.status, heard.json) == (
            200,
            {"run": None, "outcome": {"kind": "exited", "exit_status": 0}, "output": "a b\n"},
        )


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("nothing-of-this-name", 404),
        ("status", 403),
        ("greet", 422),
        ("echo 'a", 422),
        ("help form=xml", 422),
        ("echo a\necho b", 422),
        ("echo " + "x" * 9000, 422),
        ("attach 999999", 403),
    ],
)
def test_a_line_that_does_not_do_is_a_problem(alice: Program, line: str, status: int) -> None:
    heard = alice.post("/api/v1/runs", {"line": line})
    assert (heard.status, heard.json["status"]) == (status, status)


def test_a_line_may_attach(alice: Program) -> None:
    number = alice.begin("lines")
    heard = alice.post("/api/v1/runs?wait=15", {"line": f"attach {number}"})
    assert (heard.json["run"], heard.json["output"]) == (number, "one\ntwo\n")


def test_input_for_a_line_whose_command_reads_none_begins_nothing(alice: Program) -> None:
    before = len(alice.get("/api/v1/runs").json["runs"])
    for line in ("lines", "echo a", "'"):
        heard = alice.post("/api/v1/runs", {"line": line, "input": "a"})
        assert heard.status == 422, line
    assert len(alice.get("/api/v1/runs").json["runs"]) == before


def test_what_has_ended_cannot_be_cancelled(alice: Program) -> None:
    number = alice.ended("lines")["run"]
    heard = alice.post(f"/api/v1/runs/{number}/cancel")
    assert (heard.status, heard.json["detail"]) == (409, f"run {number} has ended already")


def test_who_cancels_what_others_asked_for_too_is_taken_off(alice: Program, bob: Program) -> None:
    number = alice.begin("shared")
    assert bob.begin("shared") == number
    with alice.asking("GET", f"/api/v1/runs/{number}/events", headers={}) as response:
        heard = alice.post(f"/api/v1/runs/{number}/cancel")
        assert heard.json["message"] == f"Run {number} goes on for others."
        told = response.read().decode()
    assert '"reason":"it goes on for others"' in told
    assert alice.get(f"/api/v1/runs/{number}").status == 404
    assert bob.get(f"/api/v1/runs/{number}").json["state"] == "live"
    assert bob.post(f"/api/v1/runs/{number}/cancel", {}).status == 202
    until(lambda: bob.get(f"/api/v1/runs/{number}").json["state"] == "ended", "its end")


@pytest.mark.parametrize("query", ["wait=-1", "wait=61", "wait=a", "wait=", "wait=1&wait=1", "wait=1e1"])
def test_a_wait_is_a_number_of_seconds(alice: Program, query: str) -> None:
    heard = alice.post(f"/api/v1/commands/lines/runs?{query}")
    assert (heard.status, heard.json["errors"][0]["parameter"]) == (422, "wait")


def test_a_body_of_another_type_is_not_read(alice: Program) -> None:
    for kind in ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x", ""):
        heard = alice.call("POST", "/api/v1/commands/lines/runs", body=b"{}", headers={"Content-Type": kind})
        assert (heard.status, heard.headers.get("accept")) == (415, "application/json"), kind
    headers = {"Content-Type": "application/json; charset=utf-8"}
    assert alice.call("POST", "/api/v1/commands/lines/runs", body=b"{}", headers=headers).status == 202
