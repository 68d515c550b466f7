"""What deserves a second look: files that others can write, and programs that callers can write."""

import os
from pathlib import Path

import pytest

from doorward.config import load_settings
from doorward.config.cautions import Caution, warnings_of
from doorward.core.catalogue import Catalogue
from doorward.core.command import Command, Program
from doorward.core.parameter import Parameter
from doorward.core.settings import Settings
from doorward.core.template import parse_element
from tests.config.conftest import WriteConfiguration


def _cautions_of(*run: str, environment: dict[str, str] | None = None) -> list[Caution]:
    """Judge a vector whose files are all root's own."""
    elements = tuple(parse_element(text, key="run") for text in run[1:])
    names = dict.fromkeys(name for element in elements for name in element.names)
    command = Command(
        name="x",
        action=Program(run[0], elements, environment=environment or {}),
        parameters=tuple(Parameter(name=name) for name in names),
    )
    return warnings_of(Settings(catalogue=Catalogue([command])), status=lambda _: None)


def test_the_default_configuration_deserves_none() -> None:
    settings = load_settings(None)
    assert [caution for caution in warnings_of(settings) if "usr/local" not in caution.what] == []


@pytest.mark.parametrize(
    "run",
    [
        ("/bin/sh", "-c", "ls {x}"),
        ("/bin/bash", "-lc", "ls {x}"),
        ("/bin/bash", "-c", "-e", "ls {x}"),
        ("/bin/dash", "-e", "-c", "{x}"),
        ("/usr/bin/env", "sh", "-c", "{x}"),
        ("/usr/bin/env", "A=b", "bash", "-c", "{x}"),
        ("/usr/bin/sudo", "-u", "bob", "/bin/sh", "-c", "{x}"),
        ("/usr/bin/nice", "-n", "5", "timeout", "3", "zsh", "-c", "{x}"),
        ("/usr/bin/python3.11", "-c", "print('{x}')"),
        ("/usr/bin/python3", "-I", "-c", "{x}"),
        ("/usr/bin/python3", "-c{x}"),
        ("/usr/bin/perl", "-ne", "{x}"),
        ("/usr/bin/perl", "-e{x}"),
        ("/usr/bin/node", "--eval={x}"),
        ("/usr/bin/node", "--eval", "{x}"),
        ("/usr/bin/awk", "/{x}/", "/etc/passwd"),
        ("/usr/bin/mawk", "{x}"),
        ("/usr/bin/sed", "-n", "s/{x}/y/"),
        ("/usr/bin/su", "bob", "-c", "{x}"),
        ("/usr/bin/watch", "ls {x}"),
    ],
)
def test_a_parameter_inside_a_program_is_told(run: tuple[str, ...]) -> None:
    (caution,) = _cautions_of(*run)
    assert caution.what.startswith("{x} becomes a part of a program that ")
    assert caution.why == "whoever may ask for this command can run anything"
    assert "\n" not in str(caution)


@pytest.mark.parametrize(
    "run", [("/bin/sh", "-c", 'ls "$1"', "sh", "{x}"), ("/usr/bin/env", "bash", "-c", "ls", "{x}")]
)
def test_a_parameter_beside_a_shell_s_program_is_told(run: tuple[str, ...]) -> None:
    (caution,) = _cautions_of(*run)
    assert caution.what.startswith("{x} reaches a program of ")


@pytest.mark.parametrize(
    "run", [("/bin/sh", "{x}"), ("/usr/bin/python3", "-I", "{x}"), ("/bin/bash", "-e", "/s/{x}")]
)
def test_a_parameter_that_names_the_program_is_told(run: tuple[str, ...]) -> None:
    (caution,) = _cautions_of(*run)
    assert caution.what.startswith("{x} says which program ")


def test_a_parameter_for_a_shell_elsewhere_is_told() -> None:
    (caution,) = _cautions_of("/usr/bin/ssh", "host", "ls", "{x}")
    assert "shell on the other machine" in caution.what


@pytest.mark.parametrize(
    "run",
    [
        ("/usr/bin/ls", "-c", "{x}"),
        ("/usr/bin/ping", "-c", "3", "{x}"),
        ("/bin/sh", "/root/script", "{x}"),
        ("/bin/sh", "-c", "ls"),
        ("/usr/bin/python3", "/root/x.py", "-c", "{x}"),
        ("/usr/bin/python3", "-c", "import sys", "{x}"),
        ("/usr/bin/env", "TZ=UTC", "date", "-d", "{x}"),
        ("/usr/bin/grep", "sh", "-c", "{x}"),
        ("/usr/bin/awk", "{{print}}", "{x}"),
        ("/usr/bin/timeout", "5", "df", "{x}"),
    ],
)
def test_a_parameter_that_stays_one_is_not_told(run: tuple[str, ...]) -> None:
    assert _cautions_of(*run) == []


@pytest.mark.parametrize("name", ["LD_PRELOAD", "PYTHONPATH", "BASH_ENV", "PATH"])
def test_a_variable_that_loads_code_is_told(name: str) -> None:
    (caution,) = _cautions_of("/usr/bin/ls", environment={name: "/x"})
    assert caution.what == f"it is given {name}"
    assert _cautions_of("/usr/bin/ls", environment={"TZ": "UTC"}) == []


def test_a_relative_executable_out_of_a_program_is_told() -> None:
    (caution,) = _cautions_of("tools/x")
    assert caution.what == "tools/x is a relative path"


def test_a_path_that_may_be_any_is_told(write_configuration: WriteConfiguration) -> None:
    file = write_configuration('[commands.l]\nrun = ["ls", "{p}"]\nparameters.p = { type = "path" }\n')
    assert "the path p may be any" in [caution.what for caution in warnings_of(load_settings(file))]


def test_a_built_in_that_became_something_else_for_guests_is_told(
    write_configuration: WriteConfiguration,
) -> None:
    told = [str(c) for c in warnings_of(load_settings(write_configuration('[commands.df]\nrun = ["ls"]\n')))]
    assert any("it was declared anew as ls, and may be asked for by everybody" in text for text in told)
    quiet = '[commands.df]\nrun = ["ls"]\nroles = ["guest"]\n'
    assert not any("declared anew" in str(c) for c in warnings_of(load_settings(write_configuration(quiet))))


def _whats(write_configuration: WriteConfiguration, tool: Path, tmp_path: Path) -> list[str]:
    file = write_configuration(f'[commands.t]\nrun = ["{tool}"]\n')
    cautions = warnings_of(load_settings(file))
    return [caution.what for caution in cautions if caution.what.startswith(str(tmp_path))]


def _tool(folder: Path, *, mode: int = 0o755) -> Path:
    folder.mkdir(exist_ok=True)
    tool = folder / "tool"
    tool.touch()
    tool.chmod(mode)
    return tool


def test_an_executable_that_others_can_write_is_told(
    write_configuration: WriteConfiguration, tmp_path: Path
) -> None:
    tool = _tool(tmp_path / "bin", mode=0o757)
    assert _whats(write_configuration, tool, tmp_path) == [f"{tool} can be written by everybody"]


def test_a_folder_that_others_can_write_is_told(
    write_configuration: WriteConfiguration, tmp_path: Path
) -> None:
    tool = _tool(tmp_path / "bin")
    tool.parent.chmod(0o777)
    assert _whats(write_configuration, tool, tmp_path) == [f"{tool.parent} can be written by everybody"]


def test_a_sticky_folder_is_none(write_configuration: WriteConfiguration, tmp_path: Path) -> None:
    tool = _tool(tmp_path / "bin")
    tool.parent.chmod(0o1777)
    assert _whats(write_configuration, tool, tmp_path) == []


def test_what_a_link_leads_to_is_looked_at_too(
    write_configuration: WriteConfiguration, tmp_path: Path
) -> None:
    tool = _tool(tmp_path / "open")
    tool.parent.chmod(0o777)
    link = tmp_path / "link"
    link.symlink_to("open/tool")
    assert _whats(write_configuration, link, tmp_path) == [f"{tool.parent} can be written by everybody"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_an_executable_of_somebody_else_is_told(
    write_configuration: WriteConfiguration, tmp_path: Path
) -> None:
    tool = _tool(tmp_path / "bin")
    os.chown(tool, 12345, 12345)
    assert _whats(write_configuration, tool, tmp_path) == [f"{tool} belongs to uid 12345"]
    os.chown(tool, 0, 12345)
    tool.chmod(0o775)
    assert _whats(write_configuration, tool, tmp_path) == [f"{tool} can be written by the group 12345"]


def test_a_script_that_an_interpreter_runs_is_looked_at_too(
    write_configuration: WriteConfiguration, tmp_path: Path
) -> None:
    script = _tool(tmp_path / "bin", mode=0o646)
    file = write_configuration(f'[commands.t]\nrun = ["sh", "{script}"]\n')
    told = [caution.what for caution in warnings_of(load_settings(file))]
    assert f"{script} can be written by everybody" in told
