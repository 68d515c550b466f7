"""Output is followed over the API: from any byte on, by polling and as a stream of events."""

import http.client
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.doors.daemon import BOUND_SECONDS, until
from tests.doors.web_api.calls import TORRENT_BYTES, Heard, Program, events_in, read_event

SNOW = "snow ☃ 𝄞 é\n" * 20


def test_events_tell_streams_apart_and_end_with_the_run(alice: Program) -> None:
    number = alice.begin("both")
    heard = alice.get(f"/api/v1/runs/{number}/events")
    assert heard.headers["content-type"] == "text/event-stream"
    events = events_in(heard.body)
    assert sorted(event.name for event in events[:-1]) == ["err", "out"]
    assert all(event.data == {"text": event.name} for event in events[:-1])
    assert events[-1].data["outcome"] == {"kind": "exited", "exit_status": 3, "status": 3}
    assert heard.body.startswith(b"retry: 1000\n\n")


def test_who_has_had_the_end_is_told_to_come_no_more(alice: Program) -> None:
    number = alice.ended("lines")["run"]
    heard = alice.get(f"/api/v1/runs/{number}/events", **{"Last-Event-ID": "end"})
    assert (heard.status, heard.body) == (204, b"")


def test_the_head_of_a_stream_is_no_stream(alice: Program) -> None:
    number = alice.begin("hold")
    for path in ("events", "output"):
        heard = alice.call("HEAD", f"/api/v1/runs/{number}/{path}")
        assert (heard.status, heard.body) == (200, b"")
    assert alice.post(f"/api/v1/runs/{number}/cancel").status == 202


def test_a_drawing_comes_with_the_end(alice: Program) -> None:
    number = alice.ended("df")["run"]
    assert "columns" in events_in(alice.get(f"/api/v1/runs/{number}/events").body)[-1].data["drawing"]


def test_events_come_while_the_run_goes_on_and_reading_keeps_it(alice: Program) -> None:
    number = alice.begin("hold")
    with alice.asking("GET", f"/api/v1/runs/{number}/events", headers={}) as response:
        event = read_event(response)
        assert (event.name, event.id, event.bytes) == ("out", "8", b"holding\n")
        assert alice.get(f"/api/v1/runs/{number}").json["readers"] == 1
        assert alice.post(f"/api/v1/runs/{number}/cancel").status == 202
        assert read_event(response).data["outcome"]["kind"] == "cancelled"
        assert response.read() == b""
    until(lambda: alice.get(f"/api/v1/runs/{number}").json["readers"] == 0, "its reader to leave")


def test_what_comes_after_an_output_that_was_cut_short_is_no_rest_of_it(alice: Program, bob: Program) -> None:
    number = alice.begin("torrent")
    assert bob.begin("torrent") == number
    until(lambda: alice.get(f"/api/v1/runs/{number}").json["output_bytes"] == TORRENT_BYTES, "all output")
    with alice.asking("GET", f"/api/v1/runs/{number}/output", headers={}) as response:
        assert response.headers["Content-Length"] == str(TORRENT_BYTES)
        assert "goes on for others" in alice.post(f"/api/v1/runs/{number}/cancel").json["message"]
        with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
            response.read()
    assert alice.get(f"/api/v1/runs/{number}/output?wait=1").status == 404
    assert bob.post(f"/api/v1/runs/{number}/cancel").status == 202


def test_who_is_taken_off_while_they_wait_for_output_reads_no_more(alice: Program, bob: Program) -> None:
    number = alice.begin("shared")
    assert bob.begin("shared") == number
    said_bytes = len(b"holding\n")
    until(lambda: alice.get(f"/api/v1/runs/{number}").json["output_bytes"] == said_bytes, "its output")
    with ThreadPoolExecutor(1) as pool:
        path = f"/api/v1/runs/{number}/output?offset={said_bytes}&wait=10"
        waiting = pool.submit(alice.get, path)
        until(lambda: bob.get(f"/api/v1/runs/{number}").json["readers"] == 1, "alice to wait")
        assert alice.post(f"/api/v1/runs/{number}/cancel").status == 202
        assert waiting.result(BOUND_SECONDS).status == 404
    assert bob.post(f"/api/v1/runs/{number}/cancel").status == 202


@given(offset=st.integers(0, len(SNOW.encode()) + 3))
def test_events_and_output_go_on_from_any_byte(alice: Program, offset: int) -> None:
    number = number_of_snow(alice)
    rest = SNOW.encode()[offset:]
    for path, headers in ((f"events?offset={offset}", {}), ("events", {"Last-Event-ID": str(offset)})):
        *events, _ = events_in(alice.get(f"/api/v1/runs/{number}/{path}", **headers).body)
        assert b"".join(event.bytes for event in events) == rest
    heard = alice.get(f"/api/v1/runs/{number}/output?offset={offset}")
    assert heard.body == rest
    assert heard.headers["doorward-next-offset"] == str(len(SNOW.encode()))
    assert heard.headers["doorward-state"] == "ended"
    assert heard.headers["doorward-exit-status"] == "0"


def number_of_snow(alice: Program) -> int:
    """The run that says `SNOW`; begun once a daemon."""
    for run in alice.get("/api/v1/runs").json["runs"]:
        if run["command"] == "copy" and run["output_bytes"] == len(SNOW.encode()):
            return int(run["run"])
    return int(alice.ended("copy", {"input": SNOW})["run"])


def test_output_waits_for_more(alice: Program) -> None:
    number = alice.begin("hold")
    first = alice.get(f"/api/v1/runs/{number}/output?wait=15")
    assert (first.body, first.headers["doorward-next-offset"]) == (b"holding\n", "8")
    assert first.headers["doorward-state"] == "live"
    assert "doorward-exit-status" not in first.headers
    nothing = alice.get(f"/api/v1/runs/{number}/output?offset=8&wait=0.05")
    assert (nothing.body, nothing.headers["doorward-next-offset"]) == (b"", "8")
    beyond = alice.get(f"/api/v1/runs/{number}/output?offset=9&wait=15")
    assert (beyond.body, beyond.headers["doorward-next-offset"]) == (b"", "8")
    assert alice.post(f"/api/v1/runs/{number}/cancel").status == 202
    ended = alice.get(f"/api/v1/runs/{number}/output?offset=8&wait=15")
    assert (ended.headers["doorward-state"], ended.headers["doorward-exit-status"]) == ("ended", "143")


def test_a_long_output_comes_whole_from_any_byte(alice: Program) -> None:
    run = alice.ended("long")
    assert run["output_bytes"] == 1048576
    for offset in (0, 1, 700_001, 1048575, 1048576):
        heard = alice.get(f"/api/v1/runs/{run['run']}/output?offset={offset}")
        assert heard.body == (b"y\n" * 524288)[offset:]
        assert heard.headers["content-length"] == str(1048576 - offset)
        assert heard.headers["content-type"] == "text/plain; charset=utf-8"
        assert heard.headers["x-content-type-options"] == "nosniff"


def test_an_offset_is_a_number(alice: Program) -> None:
    number = alice.ended("lines")["run"]
    for path in ("output?offset=-1", "output?offset=x", "output?offset=1&offset=2", "events?offset=1.0"):
        heard = alice.get(f"/api/v1/runs/{number}/{path}")
        assert (heard.status, heard.json["errors"][0]["parameter"]) == (422, "offset"), path
    heard = alice.get(f"/api/v1/runs/{number}/events", **{"Last-Event-ID": "two"})
    assert heard.status == 422


def test_polling_keeps_a_run_and_silence_ends_it(alice: Program) -> None:
    number = alice.begin("briefly")
    for _ in range(3):
        assert alice.get(f"/api/v1/runs/{number}?wait=0.5").json["state"] == "live"
    # to look at all of them is not to read one
    ended = until(lambda: ended_among(alice.get("/api/v1/runs"), number), "its end for want of readers")
    assert ended["outcome"]["reason"] == "nobody read it"


def test_every_event_is_json_on_one_line(alice: Program) -> None:
    number = alice.ended("copy", {"input": "a\r\nb\rc\u2028d\0\x1b[31m"})["run"]
    text = alice.get(f"/api/v1/runs/{number}/events").body.decode()
    data = [line.removeprefix("data: ") for line in text.split("\n") if line.startswith("data: ")]
    assert json.loads(data[0]) == {"text": "a\r\nb\rc\u2028d\0\x1b[31m"}
    assert "\r" not in text


def ended_among(heard: Heard, number: int) -> dict[str, Any] | None:
    """A run among all, once it has ended."""
    runs: list[dict[str, Any]] = heard.json["runs"]
    return next((each for each in runs if each["run"] == number and each["outcome"]), None)
