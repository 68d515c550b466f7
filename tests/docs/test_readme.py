"""What the README tells a new user to type, typed."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest

from doorward.core.catalogue import Catalogue
from tests.daemon import LAST_BANNER_LINE, OPEN_SECONDS, Shell, await_text

README = (Path(__file__).parents[2] / "README.md").read_text()
PROGRAM = ".venv/bin/doorward"
USUAL_PORTS = '#listen = ["127.0.0.1:7022", "[::1]:7022"]'
USUAL_TLS_PORTS = USUAL_PORTS.replace("7022", "7023")
USUAL_WEB_PORTS = USUAL_PORTS.replace("7022", "7024")
USUAL_SSH_PORTS = USUAL_PORTS.replace("7022", "7025")
ASKED_BY_SSH = f"{PROGRAM} ask --at ssh://admin@127.0.0.1:7025 df"
ASKED_BY_HTTP = f"{PROGRAM} ask --at http://127.0.0.1:7024 --user admin df"
FREE_PORT = 'listen = ["127.0.0.1:0"]'


def typed_lines(heading: str) -> list[list[str]]:
    """The calls of our program below a heading, as words after its name."""
    section = README.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = re.findall(rf"^    (?:\$ )?{re.escape(PROGRAM)} (.+)$", section, re.MULTILINE)
    return [shlex.split(line) for line in lines]


def code_blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def heard_by_nc(port: str, said: bytes) -> bytes:
    words = ["nc", "-N", "127.0.0.1", port]
    return subprocess.run(words, input=said, capture_output=True, timeout=20, check=True).stdout


@pytest.mark.needs_program("ping", package="iputils-ping")
def test_what_a_keeper_types_for_commands_of_their_own_works(shell: Shell) -> None:
    init, check, explain, serve, ask = typed_lines("Your own commands")
    assert [words[0] for words in (init, check, explain, serve, ask)] == [
        *("init", "check", "explain", "serve", "ask"),
    ]
    typed = shell.run("init", ".")
    assert typed.returncode == 0, typed.stderr
    configuration = shell.folder / "doorward.toml"
    text = configuration.read_text()
    for ports in (USUAL_PORTS, USUAL_TLS_PORTS, USUAL_WEB_PORTS, USUAL_SSH_PORTS):
        assert ports in text
        text = text.replace(ports, FREE_PORT)
    configuration.write_text("\n".join([text, *code_blocks("toml")]))
    typed = shell.run(*check)
    assert typed.returncode == 0, typed.stderr
    typed = shell.run(*explain)
    assert 'ping", "-c", "5", "example.org"]' in typed.stdout, typed
    daemon = subprocess.Popen(
        shell.words(*serve), cwd=shell.folder, env=dict(shell.environment), stdout=-1, stderr=-1, text=True
    )
    try:
        await_text(daemon, LAST_BANNER_LINE, within_seconds=OPEN_SECONDS)
        typed = shell.run(*ask)
        assert typed.returncode == 0, typed.stderr
        assert "1 packets transmitted, 1 received" in typed.stdout
    finally:
        daemon.terminate()
        daemon.communicate(timeout=OPEN_SECONDS)


@contextmanager
def default_daemon(shell: Shell) -> Iterator[str]:
    """What `make run` starts: a daemon without a configuration; what it printed."""
    daemon = subprocess.Popen(
        shell.words("serve", "--state", ".doorward"),
        cwd=shell.folder,
        env=dict(shell.environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield await_text(daemon, LAST_BANNER_LINE, within_seconds=OPEN_SECONDS)
    finally:
        daemon.terminate()
        daemon.communicate(timeout=OPEN_SECONDS)


@pytest.mark.needs_program("nc", package="netcat-openbsd")
def test_the_banner_prints_the_lines_that_the_readme_shows_and_they_work(shell: Shell) -> None:
    with default_daemon(shell) as banner:
        first = next(line for line in banner.splitlines() if "nc 127.0.0.1" in line)
        port = first.split()[-1]
        answer = heard_by_nc(port, b"uptime\n")
        assert answer.startswith(b"What can I do for you?\n")
        assert b"load average:" in answer
        assert "`I did not understand.`" in README
        assert heard_by_nc(port, b"uptimes\n") == b"What can I do for you?\nI did not understand.\n"
        asked = shell.run("ask", "df")
        direct = subprocess.run(["df", "-h"], capture_output=True, text=True, check=False)
        assert asked.stdout.splitlines()[0] == direct.stdout.splitlines()[0]
    shown = README.split("## Try it")[1].split("## ")[0]
    for line in (
        "nc 127.0.0.1 7022",
        r"printf 'df\n' | nc -N 127.0.0.1 7022",
        f"{PROGRAM} ask df",
        ASKED_BY_HTTP,
        ASKED_BY_SSH,
    ):
        assert line in shown
        pattern = re.sub("702[245]", r"\\d+", re.escape(line)).replace(re.escape(PROGRAM), r".*doorward")
        assert re.search(pattern, banner), banner


@pytest.mark.needs_program("curl", package="curl")
def test_what_the_readme_asks_for_over_http_is_answered(shell: Shell) -> None:
    with default_daemon(shell) as banner:
        web = re.search(r"(http://127\.0\.0\.1:\d+)/ in a browser", banner)
        password = re.search(r"shown this once: (\S+)", banner)
        assert web is not None, banner
        assert password is not None, banner
        shown = README.split("## Try it")[1].split("## ")[0]
        # a terminal asks for the password, a script reads it
        typed = [line[6:] for line in shown.splitlines() if line.startswith("    $ ")]
        typed = [line for line in typed if line.startswith(("curl", "umask", "printf", f"{PROGRAM} token"))]
        typed += [line[6:] for line in shown.splitlines() if "--token-file .doorward/token df" in line]
        assert len(typed) == 6
        script = "\n".join(sorted(typed, key=shown.index)).replace("http://127.0.0.1:7024", web[1])
        script = script.replace(PROGRAM, shlex.join(shell.words()))
        script = script.replace("-u admin ", f"-u admin:{password[1]} ")
        heard = subprocess.run(
            ["sh", "-ec", script],
            cwd=shell.folder,
            env=dict(shell.environment),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert heard.returncode == 0, heard
    assert heard.stdout.count("Filesystem ") == 3
    assert '"exit_status":0' in heard.stdout.replace(" ", "")


def test_the_function_that_the_readme_declares_is_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("readme_catalogue")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(code_blocks("python")[0], "README.md", "exec"), vars(module))  # noqa: S102 - it is our own text
    catalogue = module.catalogue
    assert isinstance(catalogue, Catalogue)
    assert [parameter.name for parameter in catalogue.commands["runway"].parameters] == ["mount"]
