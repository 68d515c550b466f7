"""docs/web.md is played: every curl that it shows says what it shows."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import pytest

from doorward.doors.web.problems import Problem
from tests.daemon import Shell
from tests.doors.daemon import UNIX, Daemon, config_file, running
from tests.doors.tls_peers import HASH
from tests.doors.web_api.calls import Program, web_port
from tests.doors.web_api.test_metrics import samples

PAGE = (Path(__file__).parents[2] / "docs" / "web.md").read_text()
USERS = f"""
[users.alice]
password = "{HASH}"
roles = ["operator"]
[users.root]
password = "{HASH}"
roles = ["admin"]
"""
ANY = r".*?"


@dataclass(frozen=True, slots=True)
class Step:
    """A command, and what it is said to write; `...` stands for anything."""

    words: list[str]
    told: str

    @property
    def pattern(self) -> str:
        return ANY.join(re.escape(part) for part in self.told.split("..."))


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def steps() -> list[Step]:
    found = []
    for block in blocks("console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            line, _, told = part.partition("\n")
            found.append(Step(shlex.split(line), told))
    return found


def configuration() -> str:
    return (
        UNIX + blocks("toml")[0].replace("[doors.web]\n", '[doors.web]\nlisten = ["127.0.0.1:0"]\n') + USERS
    )


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with running(tmp_path_factory.mktemp("docs"), configuration()) as started:
        yield started


@pytest.fixture
def started_anew(shell: Shell) -> Iterator[Daemon]:
    """A daemon whose first run is number 1, and a token of alice's in the working folder."""
    with running(shell.folder, configuration()) as before:
        place = ("--state", str(before.state), "--config", str(config_file(before.state)))
        made = shell.run("token", "new", "--user", "alice", *place)
    assert made.returncode == 0, made.stderr
    (shell.folder / "alice.auth").write_text(f"Authorization: Bearer {made.stdout.strip()}\n")
    with running(shell.folder, configuration()) as started:
        yield started


@pytest.mark.needs_program("curl", package="curl")
def test_every_transcript_is_what_happens(started_anew: Daemon, shell: Shell) -> None:
    played = steps()
    assert len(played) == 15
    for step in played:
        assert step.words[0] == "curl"
        words = [word.replace("127.0.0.1:7024", f"127.0.0.1:{web_port(started_anew)}") for word in step.words]
        heard = subprocess.run(words, capture_output=True, cwd=shell.folder, timeout=30, check=True).stdout
        text = heard.decode().replace("\r\n", "\n")
        assert re.fullmatch(step.pattern, text, re.DOTALL), f"{step.words}: {text}"


def test_every_status_of_the_document_stands_on_the_page(daemon: Daemon) -> None:
    paths = Program(daemon).get("/api/openapi.json").json["paths"]
    documented = {
        int(status)
        for path in paths.values()
        for method in path.values()
        if "responses" in method
        for status in method["responses"]
    }
    told = {int(status) for status in re.findall(r"^\| ([45][0-9]{2}) \|", PAGE, re.MULTILINE)}
    assert told == {status for status in documented if status >= 400} | {HTTPStatus.METHOD_NOT_ALLOWED}
    assert b'"title": "Conflict"' in Problem(HTTPStatus.CONFLICT, "").json()


def test_every_path_of_the_api_stands_on_the_page(daemon: Daemon) -> None:
    paths = {
        re.sub(r"\{name\}", "NAME", re.sub(r"\{number\}", "N", path))
        for path in Program(daemon).get("/api/openapi.json").json["paths"]
        if not re.fullmatch(r"/api/v1/commands/[a-z]+/runs", path)
    }
    told = set(re.findall(r"^\| `(?:GET|POST) (/api/v1[^`]*)` \|", PAGE, re.MULTILINE))
    assert told == paths | {"/api/v1/commands/NAME/runs"}


def test_every_figure_stands_on_the_page(daemon: Daemon) -> None:
    root = Program(daemon, "root")
    assert root.get("/api/v1/runs").status == 200
    told = set(re.findall(r"^\| `(doorward_[a-z_]+)` \|", PAGE, re.MULTILINE))
    text = root.get("/metrics").text
    named = set(re.findall(r"^# TYPE (doorward_[a-z_]+) ", text, re.MULTILINE))
    assert told == named
    assert {name for name, _ in samples(root) if name.startswith("doorward_")} <= told
