from pathlib import Path

import pytest

from doorward.cli.program import program_name


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with `bin/doorward` in it, which is the working folder too."""
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "doorward"
    program.touch(mode=0o755)
    monkeypatch.chdir(tmp_path)
    return program


def test_a_program_in_the_search_path_is_called_by_its_name(installed: Path) -> None:
    environment = {"PATH": f"/nowhere:{installed.parent}"}
    for argv0 in (str(installed), "bin/doorward"):
        assert program_name(argv0, "/usr/bin/python3", environment) == "doorward"


def test_another_one_of_that_name_earlier_in_the_search_path_does_not_count(
    installed: Path, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "doorward").touch(mode=0o755)
    environment = {"PATH": f"{tmp_path}/other:{installed.parent}"}
    assert program_name(str(installed), "/usr/bin/python3", environment) == "bin/doorward"


def test_elsewhere_it_is_called_by_the_shorter_path(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert program_name("bin/doorward", "/usr/bin/python3", {}) == "bin/doorward"
    assert program_name(str(installed), "/usr/bin/python3", {}) == "bin/doorward"
    monkeypatch.chdir(installed.parent)
    assert program_name("./doorward", "/usr/bin/python3", {"PATH": ""}) == "./doorward"
    monkeypatch.chdir("/usr/share")
    assert program_name("/x/doorward", "/usr/bin/python3", {}) == "/x/doorward"


def test_as_a_module_it_is_called_by_the_interpreter() -> None:
    assert program_name("/s/doorward/__main__.py", "/usr/bin/python3", {}) == "/usr/bin/python3 -m doorward"


def test_a_path_with_blanks_is_quoted() -> None:
    assert program_name("/a b/doorward", "/usr/bin/python3", {}) == "'/a b/doorward'"


def test_a_service_whose_folder_is_the_root_calls_it_by_its_absolute_path(
    installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    assert program_name(str(installed), "/usr/bin/python3", {}) == str(installed)
