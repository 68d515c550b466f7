"""docs/talk.md is played: its commands and program at something like a mail server, its script at Exim."""

import os
import re
import shlex
import subprocess
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from doorward.cli.talk import command
from tests.certificates import Authority
from tests.cli.talking import listening, mail_server
from tests.daemon import ANSWER_SECONDS, Shell
from tests.mail.exim import PASSWORD, USER, running_exim

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "talk.md").read_text()
ADDRESS = "mail.example.org:25"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_every_command_that_the_page_shows_works(shell: Shell) -> None:
    lines = blocks("sh")[0].splitlines()
    assert len(lines) == 4
    program = shlex.join(shell.words())
    with listening(mail_server) as address:
        for line in lines:
            typed = subprocess.run(
                ["sh", "-c", line.replace("doorward ", f"{program} ").replace(ADDRESS, address)],
                capture_output=True,
                text=True,
                check=False,
                cwd=shell.folder,
                env=dict(shell.environment),
                stdin=subprocess.DEVNULL,
                timeout=ANSWER_SECONDS,
            )
            assert (typed.returncode, typed.stderr) == (0, ""), line
            assert typed.stdout.startswith("220 mail.example ESMTP\n")
    assert "221 Bye" in (shell.folder / "talk.log").read_text()


@pytest.mark.needs_program("exim4", package="exim4-daemon-light")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start Exim")
def test_the_script_of_the_page_logs_in_at_exim(shell: Shell, root: Authority, tmp_path: Path) -> None:
    (shell.folder / "login.talk").write_text(blocks("text")[0])
    (shell.folder / "login").write_text(b64encode(f"\0{USER}\0{PASSWORD}".encode()).decode())
    (shell.folder / "login").chmod(0o600)
    with running_exim(root.issue(tmp_path / "exim", "localhost")) as exim:
        address, trust = f"localhost:{exim.tls_port}", ("--tls", "--ca", str(root.file), "--quiet")
        typed = shell.run("talk", address, *trust, "--script", "login.talk")
    assert (typed.returncode, typed.stderr) == (0, "")
    assert "\n235 Authentication succeeded\n221 exim.example closing connection\n" in typed.stdout.replace(
        "\r", ""
    )


def test_the_program_of_the_page_runs(capsys: pytest.CaptureFixture[str]) -> None:
    with listening(mail_server) as address:
        program = blocks("python")[0].replace(ADDRESS, address)
        exec(compile(program, "talk.md", "exec"), {})  # noqa: S102 - it is our own text
    assert capsys.readouterr().out.splitlines() == [
        "0 '250 HELP\\n' '250-mail.example\\n'",
        "221 Bye",
        "",
        f"{address}: read: the peer ended the conversation before 'more' came ''",
    ]


def test_every_option_is_explained_and_none_that_is_not_there() -> None:
    there: set[str] = {
        name
        for each in command.params
        for name in (*each.opts, *each.secondary_opts)
        if name.startswith("--")
    }
    told = set(re.findall(r"(?<!-)--[a-z][a-z-]+", PAGE))
    assert told == there


def test_the_lines_of_the_readme_have_options_that_there_are() -> None:
    readme = (ROOT / "README.md").read_text()
    lines = re.findall(r"^    \.venv/bin/doorward talk (.+)$", readme, re.MULTILINE)
    assert lines
    for line in lines:
        context: Any = command.make_context("talk", shlex.split(line, comments=True))
        assert context.params["address"]
