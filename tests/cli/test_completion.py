"""Completion in the shells themselves."""

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from doorward.cli.completing import parameter_words
from doorward.core.principal import User
from doorward.core.tokens import Token
from doorward.stores.tokens import TokenFile
from doorward.stores.users import UserFile
from tests.cli.web_doors import HOUSE
from tests.daemon import ANSWER_SECONDS, COMMANDS, DOORS, RunningDaemon, Shell, StartDaemon

SCHEMES = ("unix", "tcp", "tls", "http", "https")

BASH = """
source {script}
COMP_WORDS=({words}); COMP_CWORD={last}; COMP_LINE={line}; COMP_TYPE=9
_doorward_completion doorward
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.fixture
def program(shell: Shell) -> dict[str, str]:
    """An environment in whose search path the program stands under its own name."""
    folder = shell.folder / "bin"
    folder.mkdir()
    words = " ".join(shell.words())
    (folder / "doorward").write_text(f'#!/bin/sh\nexec {words} "$@"\n')
    (folder / "doorward").chmod(0o755)
    return {**shell.environment, "PATH": f"{folder}:{os.environ['PATH']}"}


def script(shell: Shell, name: str) -> Path:
    run = shell.run("completion", name)
    assert (run.returncode, run.stderr) == (0, "")
    file = shell.folder / f"completion.{name}"
    file.write_text(run.stdout)
    return file


def in_bash(shell: Shell, environment: dict[str, str], *words: str) -> list[str]:
    """What bash would offer for the last of `words`, which it splits at `=` and `:` as it does by itself."""
    line = " ".join(("doorward", *words))
    split = [part for word in line.split(" ") for part in re.split("([=:]+)", word) if part or not word]
    quoted = " ".join(f"'{part}'" for part in split)
    code = BASH.format(
        script=script(shell, "bash"), words=quoted, last=len(split) - 1, line=shlex.quote(line)
    )
    run = subprocess.run(
        ["bash", "--norc", "-c", code],
        check=True,
        capture_output=True,
        text=True,
        cwd=shell.folder,
        env=environment,
        timeout=ANSWER_SECONDS,
    )
    return run.stdout.split()


def test_bash_completes_subcommands_and_options(shell: Shell, program: dict[str, str]) -> None:
    assert in_bash(shell, program, "ch") == ["check"]
    assert in_bash(shell, program, "user", "") == sorted(
        ["add", "certificate", "change", "keys", "list", "passwd", "remove"]
    )
    assert "--password-file" in in_bash(shell, program, "ask", "--pass")
    assert in_bash(shell, program, "serve", "--loop", "") == ["uvloop", "asyncio"]


def test_bash_completes_the_commands_of_the_running_daemon(
    daemon: RunningDaemon, shell: Shell, program: dict[str, str]
) -> None:
    found = {**program, "DOORWARD_AT": daemon.unix_url}
    assert in_bash(shell, found, "ask", "fl") == ["flood"]
    assert in_bash(shell, found, "ask", "pick", "") == ["red", "green", "blue", "colour=", "count="]
    assert in_bash(shell, found, "ask", "pick", "gr") == ["green"]
    # bash puts what is offered behind the =
    assert in_bash(shell, found, "ask", "pick", "colour=gr") == ["green"]
    assert in_bash(shell, program, "ask", "--at", daemon.unix_url, "pick", "count=2", "gr") == ["green"]
    assert in_bash(shell, found, "ask", "help", "pi") == ["pick"]


def test_bash_completes_the_addresses_of_daemons_that_are_known(
    start_daemon: StartDaemon, shell: Shell, program: dict[str, str]
) -> None:
    daemon = start_daemon(HOUSE)
    tcp, web = (daemon.doors[name][0] for name in ("tcp", "web"))
    state = ("ask", "--state", str(daemon.state), "--at")
    # bash puts what is offered behind the last :
    assert in_bash(shell, program, *state, "tc") == [f"tcp://{tcp}"]
    assert in_bash(shell, program, *state, "http") == [f"http://{web}", f"https://{web}"]
    assert in_bash(shell, program, *state, f"tcp://{tcp[:-1]}") == [tcp.rpartition(":")[2]]
    assert in_bash(shell, program, *state, "ssh://x") == []
    # those of nobody who is known have a scheme at least
    assert in_bash(shell, program, "ask", "--at", "") == [f"{each}://" for each in SCHEMES]
    (shell.folder / ".doorward").mkdir(mode=0o700)
    (shell.folder / ".doorward" / "doors.json").write_text((daemon.state / "doors.json").read_text())
    assert in_bash(shell, program, "ask", "--at", "tcp") == [f"tcp://{tcp}"]
    (shell.folder / ".doorward").chmod(0o755)
    assert in_bash(shell, program, "ask", "--at", "tcp") == ["tcp://"]


def test_bash_completes_the_numbers_of_runs_the_names_of_users_and_the_ids_of_tokens(
    daemon: RunningDaemon, shell: Shell, program: dict[str, str]
) -> None:
    found = {**program, "DOORWARD_AT": daemon.unix_url}
    assert daemon.shell.run("ask", "fail").returncode == 3
    waiting = daemon.shell.start("ask", "wait")
    assert waiting.stdout is not None
    assert waiting.stdout.readline() == b"begun\n"
    assert in_bash(shell, found, "attach", "") == ["2", "1"]
    assert in_bash(shell, found, "ask", "attach", "1") == ["1"]
    # what has ended cannot be cancelled
    assert in_bash(shell, found, "cancel", "") == ["2"]
    waiting.terminate()
    waiting.communicate(timeout=ANSWER_SECONDS)
    UserFile(daemon.state).add(User(name="dora"))
    assert in_bash(shell, program, "user", "remove", "--state", str(daemon.state), "d") == ["dora"]
    assert in_bash(shell, program, "user", "passwd", "--state", str(daemon.state), "x") == []
    for letter in "ab":
        TokenFile(daemon.state).add(Token(id=letter * 8, user="dora", digest=bytes(32)), most=2)
    assert in_bash(shell, program, "token", "revoke", "--state", str(daemon.state), "a") == ["a" * 8]
    assert in_bash(shell, program, "token", "new", "--state", str(daemon.state), "--user", "") == ["dora"]


def test_without_a_daemon_the_configuration_is_read(shell: Shell, program: dict[str, str]) -> None:
    file = shell.folder / "doorward.toml"
    file.write_text(DOORS + COMMANDS)
    file.chmod(0o600)
    assert in_bash(shell, program, "explain", "--config", str(file), "fl") == ["flood"]
    assert in_bash(shell, program, "who-can", "up") == ["uptime"]
    assert in_bash(shell, program, "who-can", "uptime", "") == []


def test_a_broken_configuration_offers_nothing_and_says_nothing(
    shell: Shell, program: dict[str, str]
) -> None:
    file = shell.folder / "doorward.toml"
    file.write_text("nonsense")
    assert in_bash(shell, program, "explain", "--config", str(file), "") == []


@pytest.mark.needs_program("zsh", package="zsh")
def test_zsh_takes_the_script_and_gets_names_with_summaries(shell: Shell, program: dict[str, str]) -> None:
    subprocess.run(["zsh", "-n", str(script(shell, "zsh"))], check=True, timeout=ANSWER_SECONDS)
    offered = offers(shell, program, "zsh_complete", COMP_WORDS="doorward who-can", COMP_CWORD="2")
    assert "plain\nuptime\nHow long the machine has been up, and its load\n" in offered


@pytest.mark.needs_program("fish", package="fish")
def test_fish_completes_the_commands(shell: Shell, program: dict[str, str]) -> None:
    code = f"source {script(shell, 'fish')}; complete -C 'doorward who-can up'"
    run = subprocess.run(
        ["fish", "--no-config", "-c", code],
        check=True,
        capture_output=True,
        text=True,
        env=program,
        timeout=ANSWER_SECONDS,
    )
    assert run.stdout.startswith("uptime\tHow long")


def offers(shell: Shell, environment: dict[str, str], instruction: str, **variables: str) -> str:
    run = subprocess.run(
        ["doorward"],
        check=True,
        capture_output=True,
        text=True,
        cwd=shell.folder,
        env={**environment, "_DOORWARD_COMPLETE": instruction, **variables},
        timeout=ANSWER_SECONDS,
    )
    return run.stdout


PICK = {
    "parameters": [
        {"name": "colour", "choices": ["red", "green"]},
        {"name": "size", "choices": ["small", "large"]},
    ]
}


@pytest.mark.parametrize(
    ("words", "incomplete", "offered"),
    [
        ((), "", ["red", "green", "colour=", "size="]),
        (("red",), "", ["small", "large", "size="]),
        (("size=small",), "", ["red", "green", "colour="]),
        ((), "size=l", ["size=large"]),
        (("red", "small"), "", []),
        ((), "x", []),
    ],
)
def test_parameters_that_are_left_are_offered(
    words: tuple[str, ...], incomplete: str, offered: list[str]
) -> None:
    assert parameter_words(PICK, words, incomplete) == offered
