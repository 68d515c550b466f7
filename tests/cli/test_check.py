import json
from pathlib import Path

from doorward.core.principal import User
from doorward.stores.users import UserFile
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


def test_the_file_may_stand_without_its_option(shell: Shell) -> None:
    file = written(shell, DOORS + '[commands.x]\nrun = ["true"]\n[users.bob]\nuid = 7\n')
    run = shell.run("check", "doorward.toml")
    assert (run.returncode, run.stdout) == (
        0,
        f"{file} is good: doors tcp, unix; 1 command beside the built-in ones; 1 user.\n",
    )
    assert shell.run("check", "doorward.toml", "--config", "doorward.toml").returncode == 2


def test_a_user_of_both_the_configuration_and_the_state_is_a_problem(shell: Shell) -> None:
    state = shell.folder / "s"
    state.mkdir(mode=0o700)
    UserFile(state).add(User(name="bob", uid=7))
    file = written(shell, DOORS)
    good = shell.run("check", "--config", str(file), "--state", "s")
    assert (good.returncode, good.stdout.splitlines()[-1].endswith(f"; 1 user, 1 of them in {state}.")) == (
        0,
        True,
    )
    file = written(shell, DOORS + "[users.bob]\nuid = 8\n")
    clash = shell.run("check", "--config", str(file), "--state", "s")
    assert clash.returncode == 1
    assert clash.stdout.splitlines() == [
        f"{state}/users.json: users.bob: this user stands in {file} already",
        f"{file}: 1 problem.",
    ]
    # the promise: what is refused here is refused there
    assert shell.run("serve", "--config", str(file), "--state", "s").returncode == 1
    assert shell.run("check", "--config", str(file)).returncode == 0


def test_the_usual_state_is_compared_when_it_is_there(shell: Shell) -> None:
    state = Path(shell.environment["HOME"]) / ".local/state/doorward"
    state.mkdir(parents=True, mode=0o700)
    UserFile(state).add(User(name="bob", uid=7))
    file = written(shell, DOORS + "[users.bob]\nuid = 8\n")
    found = json.loads(shell.run("check", "--config", str(file), "--json").stdout)
    assert (found["state"], found["is_good"]) == (str(state), False)


def test_a_state_that_cannot_be_used_is_a_problem_and_no_mistake_in_the_words(shell: Shell) -> None:
    (shell.folder / "s").mkdir(mode=0o755)
    run = shell.run("check", "--state", "s")
    assert (run.returncode, "chmod 700" in run.stdout) == (1, True)
    (shell.folder / "f").write_text("")
    run = shell.run("check", "--state", "f")
    assert (run.returncode, "is no folder" in run.stdout) == (1, True)


def test_a_role_that_no_user_has_and_a_user_whom_no_door_lets_in_are_warned_of(shell: Shell) -> None:
    text = DOORS + '[commands.x]\nrun = ["true"]\nroles = ["operater", "admin"]\n'
    file = written(shell, text + '[users.bob]\nroles = ["operator"]\n')
    lines = shell.run("check", str(file)).stdout.splitlines()
    assert lines[0].startswith("warning: commands.x: no user has the role operater; ")
    assert lines[1].startswith("warning: users.bob: this user can come in by no door yet")
    file = written(
        shell, text.replace("operater", "operator") + '[users.bob]\nuid = 7\nroles = ["operator"]\n'
    )
    assert "warning" not in shell.run("check", str(file)).stdout
