from pathlib import Path

import pytest

from doorward.cli.units import examined_unit
from doorward.config.loading import load_settings
from doorward.core.settings import Settings

TEXT = "[Service]\nUser=4711\nStateDirectory=doorward\n"


def test_the_systems_unit_counts_for_the_systems_configuration_alone(tmp_path: Path) -> None:
    unit, system = tmp_path / "doorward.service", tmp_path / "doorward.toml"

    def examined(configuration: Path | None) -> str:
        return examined_unit(None, configuration, system_file=system, system_unit=unit).file

    assert examined(system) == ""
    unit.write_text(TEXT)
    assert examined(system) == str(unit)
    assert examined(tmp_path / "other.toml") == examined(None) == ""


def test_a_unit_that_is_named_counts_for_any(tmp_path: Path) -> None:
    unit = tmp_path / "mine.service"
    unit.write_text(TEXT)
    examined = examined_unit(unit, None)
    assert (examined.file, examined.machine.uid) == (str(unit), 4711)
    assert examined.environment({"HOME": "/"}) == {"HOME": "/", "STATE_DIRECTORY": "/var/lib/doorward"}
    assert examined.environment({"STATE_DIRECTORY": "/x"}) == {"STATE_DIRECTORY": "/x"}
    assert examined.problems_with(load_settings(None)) == []


def test_a_unit_that_cannot_be_read_is_a_problem_and_judges_nothing(tmp_path: Path) -> None:
    examined = examined_unit(tmp_path / "none.service", None)
    (problem,) = examined.problems_with(Settings())
    assert "none.service: the unit cannot be read" in str(problem)
    assert examined.file == ""


def test_without_a_unit_nothing_changes() -> None:
    examined = examined_unit(None, None)
    environment = {"HOME": "/"}
    assert examined.environment(environment) is environment
    assert examined.problems_with(Settings()) == []


def test_a_state_that_may_not_be_looked_at_is_left_to_those_who_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit = tmp_path / "mine.service"
    unit.write_text("[Service]\nStateDirectory=dpkg\n")
    examined = examined_unit(unit, None)
    assert examined.environment({}) == {"STATE_DIRECTORY": "/var/lib/dpkg"}
    monkeypatch.setattr("os.access", lambda _path, _mode: False)
    assert examined.environment({}) == {}
