import json
from pathlib import Path

import pytest

from tests.daemon import COMMANDS, DOORS, Shell

USERS = """
[users.ann]
uid = 4001
roles = ["painter"]
[users.bob]
uid = 4002
"""


@pytest.fixture
def config(shell: Shell) -> Path:
    file = shell.folder / "doorward.toml"
    file.write_text(DOORS + COMMANDS + USERS)
    file.chmod(0o600)
    return file


def people(shell: Shell, config: Path, name: str, *words: str) -> dict[str, list[str]]:
    run = shell.run("who-can", "--config", str(config), "--json", *words, name)
    assert run.returncode == 0, run.stderr
    return {each["name"]: each["doors"] for each in json.loads(run.stdout)["people"]}


ROOT = "root and the daemon's own user"
GUESTS = "whoever does not log in"


def test_a_role_says_who(shell: Shell, config: Path) -> None:
    assert people(shell, config, "pick") == {ROOT: ["unix"], "ann": ["unix"]}


def test_without_roles_it_is_everybody_who_logged_in(shell: Shell, config: Path) -> None:
    assert people(shell, config, "fail") == {ROOT: ["unix"], "ann": ["unix"], "bob": ["unix"]}


def test_guests_come_by_tcp_and_have_the_built_ins(shell: Shell, config: Path) -> None:
    assert people(shell, config, "df")[GUESTS] == ["tcp"]


def test_users_of_the_state_count(shell: Shell, config: Path) -> None:
    words = ("user", "add", "cyd", "--uid", "4003", "--no-password", "--role", "painter", "--state", "s")
    assert shell.run(*words).returncode == 0
    assert "cyd" in people(shell, config, "pick", "--state", "s")


def test_a_state_that_was_not_named_and_cannot_be_read_has_no_users(shell: Shell, config: Path) -> None:
    home = Path(shell.environment["HOME"]) / ".local/state/doorward"
    home.mkdir(parents=True, mode=0o700)
    (home / "users.json").write_text("nonsense")
    (home / "users.json").chmod(0o600)
    assert "ann" in people(shell, config, "pick")
    run = shell.run("who-can", "--config", str(config), "--state", str(home), "pick")
    assert (run.returncode, "is no JSON" in run.stderr) == (1, True)


def test_people_read_a_table(shell: Shell, config: Path) -> None:
    lines = shell.run("who-can", "--config", str(config), "pick").stdout.splitlines()
    assert lines[0] == "pick may be asked for by painter, and admin."
    assert lines[1].split() == ["WHO", "DOORS", "ROLES"]
    assert lines[-1].split() == ["ann", "unix", "painter"]


def test_a_command_whose_doors_are_shut_is_nobodys(shell: Shell, config: Path) -> None:
    config.write_text(config.read_text().replace("[doors.unix]\n", "").replace('["painter"]', '["nobody"]'))
    run = shell.run("who-can", "--config", str(config), "pick")
    assert run.stdout == "pick may be asked for by nobody, and admin.\nAs things stand, nobody can.\n"


def test_an_unknown_command_is_127(shell: Shell) -> None:
    run = shell.run("who-can", "dff")
    assert (run.returncode, run.stderr) == (127, "doorward: there is no command 'dff'; did you mean df?\n")


def test_a_user_comes_by_the_doors_that_take_what_they_have(shell: Shell, config: Path) -> None:
    config.write_text(config.read_text() + "[doors.tls]\n")
    words = ("user", "add", "cyd", "--role", "painter", "--state", "s", "--config", str(config))
    assert shell.run(*words, "--password-file", "-", stdin="sesame\n").returncode == 0
    found = people(shell, config, "pick", "--state", "s")
    assert (found["cyd"], found["ann"]) == (["tls"], ["unix"])
