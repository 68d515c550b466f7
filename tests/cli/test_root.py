"""What `--help` costs, what every subcommand tells of itself, and how errors look."""

import os
import re
import subprocess
import sys
from importlib import import_module

import click
import pytest
from click.testing import CliRunner

import doorward
from doorward.cli import root as root_module
from doorward.cli.root import SUBCOMMANDS, Session, root
from doorward.core.errors import ConfigurationError
from tests.daemon import RunningDaemon, Shell

HEAVY = {
    *("argon2", "asyncio", "concurrent.futures", "difflib", "logging", "msgspec", "rich", "sqlite3"),
    *("ssl", "tomllib", "uvloop"),
}


def modules_of(*arguments: str, environment: dict[str, str] | None = None) -> set[str]:
    """The modules that a call imports."""
    code = (
        "import sys\n"
        f"sys.argv = ['doorward', *{list(arguments)!r}]\n"
        "from doorward.cli import main\n"
        "try:\n    main()\n"
        "finally:\n    print('\\n'.join(sorted(sys.modules)), file=sys.stderr)\n"
    )
    given = {**os.environ, **(environment or {})}
    measured_by_nobody = {name: value for name, value in given.items() if not name.startswith("COV")}
    run = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        env=measured_by_nobody,
    )
    return set(run.stderr.split())


def test_help_imports_no_subcommand_and_nothing_heavy() -> None:
    loaded = modules_of("--help")
    assert "click" in loaded
    assert loaded.isdisjoint(HEAVY | {"json", "socket"})
    ours = {name for name in loaded if name.startswith("doorward.")}
    assert ours == {
        *("doorward.cli", "doorward.cli.root", "doorward.cli.screen", "doorward.cli.examples"),
        *("doorward.core", "doorward.core.errors", "doorward.core.outcome", "doorward.core.launch"),
    }


def test_ask_imports_the_client_and_nothing_heavy(daemon: RunningDaemon) -> None:
    loaded = modules_of("ask", "echo", "hi", environment=dict(daemon.shell.environment))
    assert "doorward.clients.lines.asking" in loaded
    assert loaded.isdisjoint(HEAVY)
    assert not {name for name in loaded if name.startswith(("doorward.service", "doorward.config"))}


def test_the_root_help_lists_every_subcommand_in_its_own_words(shell: Shell) -> None:
    text = shell.run("--help").stdout
    for name, (module, summary) in SUBCOMMANDS.items():
        command: click.Command = import_module(f"doorward.cli.{module}").command
        assert command.name == name
        assert f"{name} " in text
        assert summary in text


@pytest.mark.parametrize("group", ["user", "token", "models", "errands"])
def test_a_group_tells_what_each_of_its_subcommands_is_for_in_a_whole_sentence(group: str) -> None:
    text = CliRunner().invoke(root, [group, "--help"], obj=Session(), prog_name="doorward").output
    summaries = re.split(r"\n  (?=\S)", text.partition("Commands:")[2].partition("\n\n")[0])[1:]
    assert len(summaries) >= 2
    assert all(summary.endswith(".") and not summary.endswith("...") for summary in summaries), summaries


def leaves(command: click.Command, path: tuple[str, ...]) -> list[tuple[tuple[str, ...], click.Command]]:
    if not isinstance(command, click.Group):
        return [(path, command)]
    found: list[tuple[tuple[str, ...], click.Command]] = []
    context = click.Context(command)
    for name in command.list_commands(context):
        child = command.get_command(context, name)
        assert child is not None
        found += leaves(child, (*path, name))
    return found


@pytest.mark.parametrize(
    ("path", "command"),
    leaves(root, ()),
    ids=lambda each: " ".join(each[:2]) if isinstance(each, tuple) else "",
)
def test_every_subcommand_has_a_help_with_examples_that_are_understood(
    path: tuple[str, ...], command: click.Command
) -> None:
    result = CliRunner().invoke(root, [*path, "--help"], obj=Session(), prog_name="doorward")
    assert result.exit_code == 0
    text = result.output
    assert "Examples:\n" in text
    examples = [line.strip() for line in text.partition("Examples:\n")[2].splitlines() if line.strip()]
    assert any(f"doorward {' '.join(path)}" in example for example in examples)
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{path} {parameter.name} has no help"


def test_the_version_is_the_packages(shell: Shell) -> None:
    assert shell.run("--version").stdout == f"doorward {doorward.__version__}\n"


def test_called_with_nothing_it_helps(shell: Shell) -> None:
    run = shell.run()
    assert run.returncode == 2
    assert "Commands:" in run.stderr


@pytest.mark.parametrize(
    ("words", "status", "first", "second"),
    [
        (["chek"], 2, "there is no subcommand 'chek'; did you mean check?", "doorward --help"),
        (["check", "--confg", "x"], 2, "check: no such option '--confg'", "doorward check --help"),
        (["user", "add"], 2, "user add: missing argument 'NAME'", "doorward user add --help"),
        (["user", "ad"], 2, "user: there is no subcommand 'ad'; did you mean add?", "doorward user --help"),
        (
            ["completion"],
            2,
            "completion: missing argument '{bash|zsh|fish}'. Choose from: bash, zsh, fish",
            "doorward completion --help",
        ),
        (
            ["user", "add", "x", "--uid", "two"],
            2,
            "user add: invalid value for '--uid': 'two' is no uid; `id -u NAME` prints it",
            "doorward user add --help",
        ),
        (["ask", "--at"], 125, "ask: option '--at' requires an argument", "doorward ask --help"),
        (["attach", "--at"], 125, "attach: option '--at' requires an argument", "doorward attach --help"),
        (
            ["ask", "--timeout", "nan", "df"],
            125,
            "ask: invalid value for '--timeout': 'nan' is no number of seconds above 0",
            "doorward ask --help",
        ),
        (["ask"], 125, "ask: missing argument 'COMMAND...'", "doorward ask --help"),
        (["ask", "--timeout", "0", "df"], 125, "ask: invalid value for '--timeout'", "doorward ask --help"),
    ],
)
def test_a_mistake_in_the_words_is_two_lines_that_say_where_help_is(
    shell: Shell, words: list[str], status: int, first: str, second: str
) -> None:
    run = shell.run(*words)
    assert run.returncode == status
    assert run.stdout == ""
    lines = run.stderr.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith(f"doorward: {first}")
    assert lines[1] == f"doorward: try: {second}"


def test_an_error_has_no_traceback_unless_debug_is_on(shell: Shell) -> None:
    words = ("ask", "--at", "tcp://127.0.0.1:1", "df")
    plain = shell.run(*words)
    assert plain.returncode == 125
    assert plain.stderr.startswith("doorward: tcp://127.0.0.1:1: connect: connection refused.")
    assert len(plain.stderr.splitlines()) == 1
    debugged = shell.run("--debug", *words)
    assert "Traceback" in debugged.stderr
    assert debugged.stderr.splitlines()[-1] == plain.stderr.strip()


def raising(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> int:
    """Run a subcommand that raises `error`."""

    @click.command("check")
    def fails() -> None:
        raise error

    monkeypatch.setattr("doorward.cli.check.command", fails)
    return root_module.run(["check"])


def test_an_unexpected_error_says_how_to_report_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert raising(monkeypatch, ZeroDivisionError("by\nzero")) == 125
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "doorward: this is a fault of the program itself: ZeroDivisionError: by zero"
    assert "doorward --debug" in lines[1]
    assert len(lines) == 2


def test_an_interrupt_is_quiet(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert raising(monkeypatch, KeyboardInterrupt()) == 130
    assert capsys.readouterr().err.strip() == ""


def test_all_problems_of_a_configuration_are_told_and_nothing_steers_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    error = ConfigurationError("first\x1b[2J", file="x.toml", line=1)
    for number in range(40):
        error.add_note(f"note {number}\u202e")
    assert raising(monkeypatch, error) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "doorward: x.toml:1: first\\x1b[2J"
    assert lines[1] == "doorward: note 0\\u202e"
    assert lines[-1] == "doorward: and 10 more"
    assert len(lines) == 32
