"""Runs of somebody else, asked for by their number: they are told of as little as runs that never were."""

from pathlib import Path

from tests.attacks.api_house import CONFIG
from tests.doors.daemon import running
from tests.doors.web_api.calls import Heard, Program

PATHS = ("", "?wait=1", "/output", "/output?wait=1", "/events")


def shown(heard: Heard) -> tuple[int, bytes]:
    return heard.status, heard.body


def test_a_run_of_somebody_else_is_like_none(tmp_path: Path) -> None:
    with running(tmp_path, CONFIG) as daemon:
        alice, bob, root = Program(daemon), Program(daemon, "bob"), Program(daemon, "root")
        live = alice.begin("hold")
        ended = alice.ended("lines")["run"]
        for number in (live, ended):
            for path in PATHS:
                heard = bob.get(f"/api/v1/runs/{number}{path}")
                assert shown(heard) == shown(bob.get(f"/api/v1/runs/999{path}"))
                assert heard.status == 404
            cancelled = bob.post(f"/api/v1/runs/{number}/cancel")
            assert shown(cancelled) == shown(bob.post("/api/v1/runs/999/cancel"))
            for verb in ("attach", "cancel"):
                said = bob.post("/api/v1/runs", {"line": f"{verb} {number}"})
                assert shown(said) == shown(bob.post("/api/v1/runs", {"line": f"{verb} 999"}))
        assert bob.get("/api/v1/runs").json == {"runs": []}
        assert alice.get(f"/api/v1/runs/{live}").json["state"] == "live"
        assert {run["run"] for run in root.get("/api/v1/runs").json["runs"]} == {live, ended}
        daemon.audited(event="refusal", who="bob", run=live, deed="attach")


def test_looking_in_vain_does_not_keep_a_run(tmp_path: Path) -> None:
    with running(tmp_path, CONFIG) as daemon:
        alice, bob = Program(daemon), Program(daemon, "bob")
        number = alice.begin("briefly")
        while (run := alice.get("/api/v1/runs").json["runs"][0])["state"] != "ended":
            assert bob.get(f"/api/v1/runs/{number}/output").status == 404
        assert run["outcome"]["reason"] == "nobody read it"
