"""The daemon's figures as Prometheus reads them, and whether it is ready."""

import http.client
import signal
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tests.doors.daemon import BOUND_SECONDS, running, until
from tests.doors.web_api.calls import CONFIG, Program, basic, read_event, web_port

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def samples(program: Program) -> Samples:
    heard = program.get("/metrics")
    assert heard.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    families = text_string_to_metric_families(heard.text)
    return {
        (each.name, frozenset(each.labels.items())): each.value
        for family in families
        for each in family.samples
    }


def labelled(name: str, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return name, frozenset(labels.items())


def test_what_happened_is_counted(tmp_path: Path) -> None:
    with running(tmp_path, CONFIG) as daemon:
        root, alice, nobody = Program(daemon, "root"), Program(daemon), Program(daemon, "mallory")
        alice.ended("both")
        alice.ended("lines")
        number = alice.begin("hold")
        assert nobody.get("/api/v1/whoami").status == 401
        assert alice.post("/api/v1/runs", {"line": "status"}).status == 403
        with alice.asking("GET", f"/api/v1/runs/{number}/events", headers={}) as response:
            read_event(response)
            found = samples(root)
        ended = "doorward_runs_ended_total"
        assert found[labelled(ended, command="both", outcome="exited")] == 1
        assert found[labelled(ended, command="lines", outcome="exited")] == 1
        assert found[labelled("doorward_run_output_bytes_total", command="lines")] == 8
        assert 0 <= found[labelled("doorward_run_seconds_total", command="lines")] < BOUND_SECONDS
        assert found[labelled("doorward_runs_asked_total", door="web", shared="no")] == 3
        assert found[labelled("doorward_runs", state="live")] == 1
        assert found[labelled("doorward_connections", door="web")] >= 2
        assert found[labelled("doorward_visitors_total")] >= 7
        assert found[labelled("doorward_login_failures_total", door="web", how="password")] == 1
        assert found[labelled("doorward_logins_total", door="web", how="password")] >= 2
        assert found[labelled("doorward_refusals_total", door="web")] == 1
        for name in ("doorward_audit_lines_lost_total", "doorward_web_sessions", "doorward_shut_out_sources"):
            assert found[labelled(name)] == 0
        assert found[labelled("process_resident_memory_bytes")] > 1e6
        assert found[labelled("process_open_fds")] > 3


def test_figures_are_for_who_may_ask_how_the_daemon_is(alice: Program) -> None:
    assert alice.get("/metrics").status == 403


def test_a_daemon_that_drains_waits_for_who_reads_and_is_not_ready(tmp_path: Path) -> None:
    with running(tmp_path, CONFIG) as daemon:
        alice = Program(daemon)
        kept = http.client.HTTPConnection("127.0.0.1", web_port(daemon), timeout=BOUND_SECONDS)

        def ready() -> int:
            kept.request("GET", "/readyz")
            response = kept.getresponse()
            response.read()
            return response.status

        assert ready() == 200
        number = alice.begin("hold")
        with alice.asking("GET", f"/api/v1/runs/{number}/events", headers={}) as response:
            read_event(response)
            daemon.signal(signal.SIGTERM)
            until(lambda: ready() == 503, "to be no longer ready")
            kept.request("POST", f"/api/v1/runs/{number}/cancel", headers={"Authorization": basic("alice")})
            assert kept.getresponse().status == 202
            kept.close()
            assert read_event(response).name == "end"
            assert response.read() == b""
        assert daemon.wait() == 0
