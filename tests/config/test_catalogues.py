"""Catalogues in Python: by name, and brought by installed packages."""

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from doorward.config import examine, load_settings
from doorward.core.command import Function
from doorward.core.policy import who_can
from tests.config.conftest import WriteConfiguration

_NUMBERS = itertools.count()

CATALOGUE = """
from doorward.core.catalogue import Catalogue

catalogue = Catalogue()

@catalogue.command()
def {name}(host: str) -> str:
    "Say hello"
    return host
"""

MakeModule = Callable[[str], str]


@pytest.fixture
def make_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeModule:
    """Write a module that can be imported; its name was never used before, since imports last."""
    folder = tmp_path / "modules"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))

    def make(source: str) -> str:
        name = f"catalogue_of_test_{next(_NUMBERS)}"
        (folder / f"{name}.py").write_text(source)
        return name

    return make


def _told(write_configuration: WriteConfiguration, *references: str) -> list[str]:
    listed = ", ".join(f'"{reference}"' for reference in references)
    file = write_configuration(f"[server]\ncommands = [{listed}]\n")
    return [str(problem).removeprefix(f"{file}:") for problem in examine(file).problems]


def _install(folder: Path, *, group: str, value: str) -> None:
    info = folder / "some_package-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: some-package\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{group}]\nmine = {value}\n")


def test_a_catalogue_is_taken_by_its_name(
    write_configuration: WriteConfiguration, make_module: MakeModule
) -> None:
    module = make_module(CATALOGUE.format(name="hello"))
    settings = load_settings(write_configuration(f'[server]\ncommands = ["{module}:catalogue"]\n'))
    command = settings.catalogue.commands["hello"]
    assert isinstance(command.action, Function)
    assert (command.summary, who_can(command)) == ("Say hello", "every user who logged in")


def test_a_catalogue_of_an_installed_package_is_there_without_a_configuration(
    tmp_path: Path, make_module: MakeModule
) -> None:
    module = make_module(CATALOGUE.format(name="hello"))
    _install(tmp_path / "modules", group="doorward.commands", value=f"{module}:catalogue")
    assert "hello" in load_settings(None).catalogue.commands


def test_a_catalogue_of_an_installed_package_that_fails_is_told_with_the_package(
    tmp_path: Path, make_module: MakeModule
) -> None:
    module = make_module("")
    _install(tmp_path / "modules", group="doorward.commands", value=f"{module}:catalogue")
    (problem,) = examine(None).problems
    assert str(problem) == (
        f"server.commands: the package some-package brings {module}:catalogue, and the module {module} "
        f'has no catalogue; found "{module}:catalogue"'
    )


def test_another_group_of_entry_points_means_nothing(tmp_path: Path, make_module: MakeModule) -> None:
    module = make_module("raise AssertionError")
    _install(tmp_path / "modules", group="other.commands", value=f"{module}:catalogue")
    assert "hello" not in load_settings(None).catalogue.commands


def test_a_catalogue_that_is_named_and_installed_comes_once(
    write_configuration: WriteConfiguration, tmp_path: Path, make_module: MakeModule
) -> None:
    module = make_module(CATALOGUE.format(name="hello"))
    _install(tmp_path / "modules", group="doorward.commands", value=f"{module}:catalogue")
    assert _told(write_configuration, f"{module}:catalogue") == []


def test_a_function_under_a_built_in_s_name_keeps_its_guests_and_not_its_places(
    write_configuration: WriteConfiguration, make_module: MakeModule
) -> None:
    module = make_module(CATALOGUE.format(name="df"))
    settings = load_settings(write_configuration(f'[server]\ncommands = ["{module}:catalogue"]\n'))
    command = settings.catalogue.commands["df"]
    assert who_can(command) == "everybody, guests too"
    assert not command.has_own_places


@pytest.mark.parametrize("name", ["cancel", "reload"])
def test_a_function_cannot_take_the_place_of_the_daemon_s_own_answers(
    write_configuration: WriteConfiguration, make_module: MakeModule, name: str
) -> None:
    module = make_module(CATALOGUE.format(name=name))
    (told,) = _told(write_configuration, f"{module}:catalogue")
    assert told.endswith(
        f"{module}:catalogue declares a command of this name, which stands among the daemon's own too"
    )


def test_a_command_that_is_declared_twice_is_told(
    write_configuration: WriteConfiguration, make_module: MakeModule
) -> None:
    module = make_module(CATALOGUE.format(name="hello"))
    file = write_configuration(
        f'[server]\ncommands = ["{module}:catalogue"]\n[commands.hello]\nrun = ["ls"]\n'
    )
    (problem,) = examine(file).problems
    assert str(problem) == (
        f"{file}:3: commands.hello: {module}:catalogue declares a command of this name, "
        "which stands in this file too"
    )


def test_a_module_that_fails_is_told_with_the_line_that_failed(
    write_configuration: WriteConfiguration, make_module: MakeModule, tmp_path: Path
) -> None:
    module = make_module("\n\n1 / 0\n")
    (told,) = _told(write_configuration, f"{module}:x")
    assert told == (
        f"2: server.commands[0]: importing {module} failed: ZeroDivisionError: division by zero "
        f"({tmp_path}/modules/{module}.py, line 3)"
    )


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("def (:\n", "SyntaxError: "),
        ("raise SystemExit(3)\n", "SystemExit: 3 ("),
        ("raise RuntimeError('two\\nlines')\n", "RuntimeError: two lines ("),
        ("assert False\n", "AssertionError ("),
        ("import no_such_thing\n", "there is no module no_such_thing, which catalogue_of_test_"),
        ("from doorward.core.catalogue import Catalogues\n", "ImportError: cannot import name 'Catalogues'"),
        (
            CATALOGUE.format(name="Bad_Name"),
            "CatalogueError: commands.Bad-Name: a command's name cannot be this",
        ),
    ],
)
def test_whatever_a_module_raises_is_one_line(
    write_configuration: WriteConfiguration, make_module: MakeModule, source: str, said: str
) -> None:
    (told,) = _told(write_configuration, f"{make_module(source)}:catalogue")
    assert said in told
    assert "\n" not in told


def test_a_name_that_is_nearly_right_is_told(
    write_configuration: WriteConfiguration, make_module: MakeModule
) -> None:
    module = make_module(CATALOGUE.format(name="hello"))
    (told,) = _told(write_configuration, f"{module}:catalog")
    assert f"the module {module} has no catalog; did you mean catalogue?" in told
