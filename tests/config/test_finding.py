"""Which configuration file counts."""

from pathlib import Path

from doorward.config import find_configuration


def _made(file: Path) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("")
    return file


def test_the_file_that_was_named_counts_even_when_it_is_missing(tmp_path: Path) -> None:
    system = _made(tmp_path / "etc/doorward.toml")
    named = tmp_path / "named.toml"
    assert find_configuration({}, named, system_file=system) == named


def test_a_relative_name_becomes_absolute() -> None:
    assert find_configuration({}, "named.toml") == Path.cwd() / "named.toml"


def test_the_system_s_file_comes_before_the_user_s(tmp_path: Path) -> None:
    system = _made(tmp_path / "etc/doorward.toml")
    _made(tmp_path / "doorward/doorward.toml")
    assert find_configuration({"XDG_CONFIG_HOME": str(tmp_path)}, system_file=system) == system


def test_the_user_s_file_stands_in_the_xdg_folder(tmp_path: Path) -> None:
    file = _made(tmp_path / "xdg/doorward/doorward.toml")
    environ = {"XDG_CONFIG_HOME": str(tmp_path / "xdg"), "HOME": str(tmp_path)}
    assert find_configuration(environ, system_file=tmp_path / "none") == file


def test_a_relative_xdg_folder_is_ignored(tmp_path: Path) -> None:
    file = _made(tmp_path / ".config/doorward/doorward.toml")
    environ = {"XDG_CONFIG_HOME": "xdg", "HOME": str(tmp_path)}
    assert find_configuration(environ, system_file=tmp_path / "none") == file


def test_without_any_file_the_defaults_count(tmp_path: Path) -> None:
    assert find_configuration({"HOME": str(tmp_path)}, system_file=tmp_path / "none") is None
    assert find_configuration({}, system_file=tmp_path / "none") is None


def test_a_dangling_link_is_not_passed_over(tmp_path: Path) -> None:
    system = tmp_path / "doorward.toml"
    system.symlink_to(tmp_path / "gone")
    assert find_configuration({}, system_file=system) == system
