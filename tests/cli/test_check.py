import json
from pathlib import Path

from tests.daemon import COMMANDS, DOORS, Shell


def written(shell: Shell, text: str) -> Path:
    file = shell.folder / "doorward.toml"
    file.write_text(text)
    file.chmod(0o600)
    return file


def test_the_defaults_are_good(shell: Shell) -> None:
    run = shell.run("check")
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.startswith("There is no configuration file; the defaults are good: doors tcp, unix;")


def test_a_good_configuration_is_summed_up(shell: Shell) -> None:
    file = written(shell, DOORS + COMMANDS)
    run = shell.run("check", "--config", "doorward.toml")
    assert run.returncode == 0
    assert run.stdout.splitlines()[-1] == (
        f"{file} is good: doors tcp, unix; 8 commands beside the built-in ones; 0 users."
    )


def test_all_problems_are_told_with_their_lines_and_fail(shell: Shell) -> None:
    file = written(shell, '[server]\nlangage = "en"\n[commands.x]\nrun = ["no-such-program"]\n')
    run = shell.run("check", "--config", str(file))
    assert (run.returncode, run.stderr) == (1, "")
    lines = run.stdout.splitlines()
    assert lines[0].startswith(f"{file}:2: server.langage: ")
    assert lines[1].startswith(f"{file}:4: commands.x.run")
    assert lines[2] == f"{file}: 2 problems."


def test_json_has_every_part_of_a_problem(shell: Shell) -> None:
    file = written(shell, '[server]\nlanguage = "de"\n')
    run = shell.run("check", "--config", str(file), "--json")
    found = json.loads(run.stdout)
    assert run.returncode == 1
    assert (found["file"], found["is_good"]) == (str(file), False)
    (problem,) = found["problems"]
    assert (problem["line"], problem["key"], problem["found"]) == (2, "server.language", '"de"')


def test_a_warning_is_told_and_fails_nothing(shell: Shell) -> None:
    file = written(
        shell,
        '[commands.show]\nrun = ["cat", "{p}"]\n[commands.show.parameters.p]\ntype = "path"\nwithin = "/"\n',
    )
    run = shell.run("check", "--config", str(file))
    assert run.returncode == 0
    assert run.stdout.startswith("warning: commands.show: the path p may be any; ")
    warnings = json.loads(shell.run("check", "--config", str(file), "--json").stdout)["warnings"]
    assert warnings[0]["command"] == "show"


def test_a_file_that_is_not_there_is_a_problem(shell: Shell) -> None:
    run = shell.run("check", "--config", "none.toml")
    assert run.returncode == 1
    assert "none.toml: it cannot be read: No such file or directory" in run.stdout
