import json
from pathlib import Path

import pytest

from tests.daemon import COMMANDS, DOORS, Shell

EXTRA = """
[commands.login]
run = ["curl", "--user", "{token}", "{where}"]
doors = ["unix"]
timeout_seconds = 7
environment = { TZ = "UTC" }
[commands.login.parameters]
token = { type = "secret" }
where = { type = "hostname", default = "localhost" }
[commands.show]
run = ["cat", "{file}"]
[commands.show.parameters]
file = { type = "path", within = "%s" }
"""


@pytest.fixture
def config(shell: Shell) -> Path:
    file = shell.folder / "doorward.toml"
    file.write_text(DOORS + COMMANDS + (EXTRA % shell.folder).replace('"curl"', '"cat"'))
    file.chmod(0o600)
    return file


def explained(shell: Shell, config: Path, *words: str) -> dict[str, object]:
    run = shell.run("explain", "--config", str(config), "--json", *words)
    assert run.returncode == 0, run.stderr
    found: dict[str, object] = json.loads(run.stdout)
    return found


def test_the_vector_is_the_very_one_that_would_run(shell: Shell, config: Path) -> None:
    found = explained(shell, config, "pick", "red", "count=4")
    assert found["argv"] == ["/usr/bin/echo", "red", "4"]
    assert found["who"] == "painter, and admin"
    assert found["values"] == {"colour": "red", "count": 4}


def test_a_secret_shows_as_dots_and_stands_in_no_vector(shell: Shell, config: Path) -> None:
    words = ("explain", "--config", str(config), "login", "hunter2")
    for run in (shell.run(*words), shell.run(*words[:3], "--json", *words[3:])):
        assert run.returncode == 0
        assert "hunter2" not in run.stdout
        assert "••••" in run.stdout
    found = explained(shell, config, "login", "hunter2")
    assert found["argv"] == ["/usr/bin/cat", "--user", "/dev/fd/3", "localhost"]
    assert found["secrets"] == {"/dev/fd/3": "token (••••)"}
    assert found["doors"] == ["unix"]
    assert isinstance(found["limits"], dict)
    assert found["limits"]["timeout_seconds"] == 7
    assert isinstance(found["environment"], dict)
    assert found["environment"]["TZ"] == "UTC"


def test_links_of_a_path_are_followed_as_they_would_be(shell: Shell, config: Path) -> None:
    (shell.folder / "real").write_text("x")
    (shell.folder / "link").symlink_to("real")
    found = explained(shell, config, "show", str(shell.folder / "link"))
    assert found["argv"] == ["/usr/bin/cat", str(shell.folder / "real")]
    (shell.folder / "out").symlink_to("/etc/passwd")
    run = shell.run("explain", "--config", str(config), "show", str(shell.folder / "out"))
    assert run.returncode == 126
    assert "leads out of it" in run.stderr


def test_without_its_words_a_command_is_shown_as_it_was_declared(shell: Shell, config: Path) -> None:
    assert explained(shell, config, "pick")["declared"] == ["/usr/bin/echo", "{colour}", "{count}"]


def test_what_would_be_refused_says_why(shell: Shell, config: Path) -> None:
    unknown = shell.run("explain", "--config", str(config), "pick", "--evil")
    assert unknown.returncode == 126
    assert unknown.stderr.startswith('doorward: expected a parameter of pick, got "--evil"')
    run = shell.run("explain", "--config", str(config), "pick", "-evil")
    assert run.returncode == 126
    assert run.stderr.startswith("doorward: colour: expected one of red, green, blue")
    unknown = shell.run("explain", "--config", str(config), "pikc")
    assert (unknown.returncode, "did you mean pick?" in unknown.stderr) == (127, True)


def test_people_see_each_element_in_quotes_and_each_limit_with_its_unit(shell: Shell, config: Path) -> None:
    text = shell.run("explain", "--config", str(config), "df").stdout
    assert 'argv         ["/usr/bin/df", "-h"]\n' in text
    assert "timeout_seconds = 60\n" in text
    assert "output_bytes = 1048576\n" in text


def test_what_runs_no_program_says_so(shell: Shell) -> None:
    assert "the daemon's own answer" in shell.run("explain", "whoami").stdout
