"""What a person is told of a wrong configuration: wrong.txt holds texts, and after `=>` all that is said."""

import sys
from pathlib import Path

import pytest

from doorward.config import Machine, examine, load_settings
from doorward.core.errors import ConfigurationError
from tests.config.conftest import WriteConfiguration


def _cases() -> list[tuple[str, list[str]]]:
    cases = []
    for block in Path(__file__).with_name("wrong.txt").read_text().split("\n\n"):
        lines = block.splitlines()
        text = "\n".join(line for line in lines if not line.startswith("=> "))
        cases.append((text + "\n", [line.removeprefix("=> ") for line in lines if line.startswith("=> ")]))
    return cases


@pytest.mark.parametrize(("text", "told"), _cases())
def test_all_that_is_wrong_is_told_in_one_line_each(
    write_configuration: WriteConfiguration, text: str, told: list[str]
) -> None:
    file = write_configuration(text)
    found = [str(problem) for problem in examine(file, machine=Machine(uid=0)).problems]
    assert [line.removeprefix(f"{file}:").replace(sys.executable, "PYTHON") for line in found] == told


def test_the_first_problem_is_raised_and_the_others_are_its_notes(
    write_configuration: WriteConfiguration,
) -> None:
    file = write_configuration('[limits]\nrunz = 3\nruns = "3"\n[servr]\n')
    with pytest.raises(ConfigurationError) as raised:
        load_settings(file)
    assert str(raised.value) == f"{file}:2: limits.runz: there is no such limit; did you mean runs?"
    assert [note.partition(": ")[0] for note in raised.value.__notes__] == [f"{file}:3", f"{file}:4"]


def test_the_fields_of_an_error_hold_what_its_text_says(write_configuration: WriteConfiguration) -> None:
    file = write_configuration("[limits]\n\nruns = true\n")
    (problem,) = examine(file).problems
    assert isinstance(problem, ConfigurationError)
    assert (problem.file, problem.line, problem.key) == (str(file), 3, "limits.runs")
    assert (problem.expected, problem.found) == ("an integer from 1 to 1024 (runs at once)", "true")


@pytest.mark.parametrize("text", ['[users.a]\npassword = "hunter2"\n', '[users]\na = "hunter2"\n'])
def test_a_password_that_stands_there_by_mistake_is_not_shown(
    write_configuration: WriteConfiguration, text: str
) -> None:
    problems = examine(write_configuration(text)).problems
    assert problems
    assert "hunter2" not in "".join(map(str, problems))


def test_another_user_needs_a_daemon_that_runs_as_root(write_configuration: WriteConfiguration) -> None:
    file = write_configuration('[commands.ls]\nrun = ["ls"]\nuser = "nobody"\n')
    own = file.stat().st_uid
    file_owner_and_not_root = Machine(uid=own or 12345)
    (problem,) = examine(file, machine=file_owner_and_not_root).problems
    assert str(problem) == (
        f'{file}:3: commands.ls.user: only a daemon that runs as root can become another user; found "nobody"'
    )


def test_fifty_thousand_problems_are_told_in_time(write_configuration: WriteConfiguration) -> None:
    text = "".join(f"key{number} = 1\n" for number in range(50_000))
    assert len(examine(write_configuration(text)).problems) == 50_000
