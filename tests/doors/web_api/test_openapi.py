"""The OpenAPI document is one, and says what the server does: a fuzzer holds them side by side."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.doors.daemon import Daemon, running
from tests.doors.web_api import fuzzed
from tests.doors.web_api.calls import Program, basic, web_port
from tests.plugins.soak import IS_SOAK

SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
EXAMPLES = 200 if IS_SOAK else 3


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with running(tmp_path_factory.mktemp("fuzzed"), fuzzed.CONFIG) as started:
        yield started


def test_the_document_is_one_of_openapi(quick: Daemon) -> None:
    for name in ("alice", "root"):
        document = Program(quick, name).get("/api/openapi.json").json
        OpenAPIV31SpecValidator(document).validate()
        assert document["servers"] == [{"url": f"http://127.0.0.1:{web_port(quick)}"}]


def test_everybody_reads_of_what_they_may_run(quick: Daemon) -> None:
    paths = {name: Program(quick, name).get("/api/openapi.json").json["paths"] for name in ("alice", "root")}
    assert "/api/v1/commands/every/runs" in paths["alice"]
    assert paths["root"].keys() - paths["alice"].keys() == {
        "/api/v1/commands/cve/runs",
        "/api/v1/commands/reload/runs",
        "/api/v1/commands/schedules/runs",
        "/api/v1/commands/status/runs",
    }


def test_a_body_is_the_object_of_the_parameters(quick: Daemon) -> None:
    paths = Program(quick).get("/api/openapi.json").json["paths"]
    every = paths["/api/v1/commands/every/runs"]["post"]["requestBody"]
    assert every["required"] is True
    schema = every["content"]["application/json"]["schema"]
    assert schema["properties"].keys() == {"parameters"}
    assert schema["properties"]["parameters"]["required"] == ["a"]
    copy = paths["/api/v1/commands/copy/runs"]["post"]["requestBody"]
    assert copy["required"] is False
    assert copy["content"]["application/json"]["schema"]["properties"].keys() == {
        "parameters",
        "input",
        "input_base64",
    }


def test_a_name_of_the_server_is_the_one_that_was_asked_for(quick: Daemon) -> None:
    host = f"localhost:{web_port(quick)}"
    assert Program(quick).get("/api/openapi.json", Host=host).json["servers"] == [{"url": f"http://{host}"}]


@pytest.mark.timeout(1500 if IS_SOAK else 180)
def test_a_fuzzer_finds_nothing_that_the_document_does_not_say(quick: Daemon) -> None:
    address = f"http://127.0.0.1:{web_port(quick)}/api/openapi.json"
    words = [str(SCHEMATHESIS), "run", address, "--header", f"Authorization: {basic('alice')}"]
    words += ["--max-examples", str(EXAMPLES), "--request-timeout", "70", "--no-color", "--warnings", "off"]
    if not IS_SOAK:
        words += ["--generation-deterministic"]
    fuzzed_run = subprocess.run(words, capture_output=True, text=True, check=False, cwd=quick.state.parent)
    assert fuzzed_run.returncode == 0, fuzzed_run.stdout[-6000:] + fuzzed_run.stderr[-2000:]
    assert "generated" in fuzzed_run.stdout
    assert " failed with " not in quick.log
    assert "Traceback" not in quick.log
