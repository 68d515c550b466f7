"""The files of users' keys."""

import os
from pathlib import Path

import pytest

from doorward.core.authorized_keys import key_of
from doorward.core.keys import AuthorizedKey
from doorward.core.principal import User
from doorward.stores.authorized_keys import FILE_BYTES, KEYS, with_authorized_keys

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE5nHnAApiwg+zhpmqg5MjyWIETroBIW/q50ZkJerk/1"
ALICE = User(name="alice")


def read(folder: Path, user: User = ALICE) -> tuple[tuple[AuthorizedKey, ...], list[str]]:
    notices: list[str] = []
    (found,) = with_authorized_keys([user], f"{folder}/{{user}}", notices, uid=os.geteuid())
    return found.authorized_keys, notices


def write(folder: Path, text: str, *, mode: int = 0o600) -> Path:
    path = folder / "alice"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_each_user_has_their_own(tmp_path: Path) -> None:
    write(tmp_path, f"# a\n\n{KEY} one\nrestrict {KEY} two\n", mode=0o644)
    keys, notices = read(tmp_path)
    assert (keys[0], keys[1].has_terminal, notices) == (key_of(KEY), False, [])
    assert read(tmp_path, User(name="bob")) == ((), [])


def test_a_line_that_cannot_be_honoured_is_told_and_the_others_count(tmp_path: Path) -> None:
    write(tmp_path, f'environment="A=b" {KEY}\n{KEY}\nnonsense\n')
    keys, notices = read(tmp_path)
    assert len(keys) == 1
    assert [notice.split(": ")[0] for notice in notices] == [f"{tmp_path}/alice:1", f"{tmp_path}/alice:3"]


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_one_that_others_can_write_counts_for_nothing(tmp_path: Path, mode: int) -> None:
    write(tmp_path, KEY, mode=mode)
    keys, (notice,) = read(tmp_path)
    assert (keys, "others can write it" in notice) == ((), True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_it_belongs_to_root_the_daemon_or_the_user(tmp_path: Path) -> None:
    path = write(tmp_path, KEY)
    os.chown(path, 54321, 0)
    keys, (notice,) = read(tmp_path)
    assert (keys, "belongs to uid 54321" in notice) == ((), True)
    assert read(tmp_path, User(name="alice", uid=54321)) == ((key_of(KEY),), [])


def test_what_is_no_file_and_too_much_are_told(tmp_path: Path) -> None:
    (tmp_path / "alice").mkdir()
    assert "no regular file" in read(tmp_path)[1][0] or "directory" in read(tmp_path)[1][0]
    (tmp_path / "alice").rmdir()
    os.mkfifo(tmp_path / "alice")
    assert "no regular file" in read(tmp_path)[1][0]
    (tmp_path / "alice").unlink()
    write(tmp_path, "#" * (FILE_BYTES + 1))
    assert "more than" in read(tmp_path)[1][0]
    write(tmp_path, f"{KEY}\n" * (KEYS + 1))
    keys, notices = read(tmp_path)
    assert (len(keys), len(notices)) == (KEYS, 1)
