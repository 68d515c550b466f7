"""docs/fetch.md is played: every command in it, and its program, against a server that echoes."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from doorward.cli.fetch import command
from tests.cli.echoing import echoing
from tests.daemon import Shell

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "fetch.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_every_command_that_the_page_shows_works(shell: Shell) -> None:
    (shell.folder / "report.pdf").write_bytes(b"%PDF")
    token = shell.folder / "token"
    token.write_text("t0ken\n")
    token.chmod(0o600)
    lines = blocks("sh")[0].splitlines()
    assert len(lines) == 6
    with echoing() as echo:
        for line in lines:
            words = shlex.split(line.replace("https://example.org", echo.url))
            assert words[0] == "doorward"
            typed = shell.run(*words[1:])
            assert (typed.returncode, typed.stderr) == (0, ""), line
            if "--form p1=6" in line:
                assert json.loads(typed.stdout)["body"] == "p1=6&p2=alpha"
    assert json.loads((shell.folder / "image.iso").read_text())["target"] == "/image.iso"


def test_the_program_of_the_page_runs(capsys: pytest.CaptureFixture[str]) -> None:
    with echoing() as echo:
        program = blocks("python")[0].replace("http://example.org", echo.url)
        exec(compile(program, "fetch.md", "exec"), {})  # noqa: S102 - it is our own text
    first, *_, last = capsys.readouterr().out.splitlines()
    assert first.startswith("200 application/json {")
    assert int(last) > 1000


def test_every_option_is_explained_and_none_that_is_not_there() -> None:
    there: set[str] = {name for each in command.params for name in each.opts if name.startswith("--")}
    told = set(re.findall(r"(?<!-)--[a-z][a-z-]+", PAGE))
    assert told - there == set()
    assert there - told == {"--output"}, "-o says it"


def test_the_lines_of_the_readme_have_options_that_there_are() -> None:
    readme = (ROOT / "README.md").read_text()
    lines = re.findall(r"^    \.venv/bin/doorward fetch (.+)$", readme, re.MULTILINE)
    assert lines
    for line in lines:
        context: Any = command.make_context("fetch", shlex.split(line, comments=True))
        assert context.params["url"]
