"""Writing a file as a whole."""

import os
import stat
from pathlib import Path

import pytest

from doorward.core.errors import StateError
from doorward.stores.atomic import remove_leftovers, write_all, write_atomically


def test_the_file_has_the_data_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomically(path, b"old", mode=0o600)
    write_atomically(path, b"new" * 100_000, mode=0o600)
    assert path.read_bytes() == b"new" * 100_000
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o666])
def test_the_mode_is_the_one_asked_for_whatever_the_umask(tmp_path: Path, mode: int) -> None:
    before = os.umask(0o077)
    try:
        write_atomically(tmp_path / "file", b"", mode=mode)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == mode


def test_the_data_is_never_to_be_seen_under_a_wider_mode(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o644)
    write_atomically(path, b"secret", mode=0o600)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_symbolic_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"precious")
    link.symlink_to(target)
    write_atomically(link, b"new", mode=0o600)
    assert target.read_bytes() == b"precious"
    assert not link.is_symlink()
    assert link.read_bytes() == b"new"


def test_a_folder_in_the_way_is_an_error_and_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "file"
    (path / "inside").mkdir(parents=True)
    with pytest.raises(StateError, match="cannot be written"):
        write_atomically(path, b"new", mode=0o600)
    assert os.listdir(tmp_path) == ["file"]


def test_a_missing_folder_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(StateError, match=str(tmp_path / "missing" / "file")):
        write_atomically(tmp_path / "missing" / "file", b"", mode=0o600)


def test_leftovers_of_this_file_go_and_those_of_others_stay(tmp_path: Path) -> None:
    for name in (".file.0123.new", ".other.0123.new", "file", "file.new", ".file.d"):
        (tmp_path / name).touch()
    remove_leftovers(tmp_path / "file")
    assert sorted(os.listdir(tmp_path)) == [".file.d", ".other.0123.new", "file", "file.new"]


def test_all_is_written_to_a_descriptor_that_takes_a_little_at_a_time() -> None:
    reader, writer = os.pipe()
    try:
        os.set_blocking(writer, False)
        write_all(writer, b"x" * 60_000)
        assert os.read(reader, 100_000) == b"x" * 60_000
        with pytest.raises(BlockingIOError):
            write_all(writer, b"x" * 1_000_000)
    finally:
        os.close(reader)
        os.close(writer)
