"""The state folder: private, held by one, telling which doors are open."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from doorward.core.errors import StateError, StateTaken
from doorward.stores.state import (
    check_private_folder,
    hold_state,
    is_trusted,
    make_private_folder,
    read_doors,
)

HOLD = """
import sys
from pathlib import Path
from doorward.stores.state import hold_state
held = hold_state(Path(sys.argv[1]))
held.write_doors({"tcp": ["127.0.0.1:7022"]})
print("held", flush=True)
sys.stdin.read()
"""

STRANGER_UID = 65_533


@contextmanager
def another_holder(folder: Path) -> Iterator[int]:
    argv = [sys.executable, "-c", HOLD, str(folder)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        try:
            yield process.pid
        finally:
            process.kill()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state"


def test_it_is_made_with_the_folders_above_it_and_all_are_private(tmp_path: Path) -> None:
    hold_state(tmp_path / "a" / "b").release()
    for made in (tmp_path / "a", tmp_path / "a" / "b"):
        assert stat.S_IMODE(made.stat().st_mode) == 0o700


@pytest.mark.parametrize("mode", [0o701, 0o710, 0o740, 0o750, 0o755, 0o770, 0o777])
def test_one_that_lets_others_in_is_refused_with_the_command_that_mends_it(folder: Path, mode: int) -> None:
    folder.mkdir()
    folder.chmod(mode)
    with pytest.raises(StateError) as caught:
        hold_state(folder)
    words = str(caught.value).partition("type: ")[2].split()
    assert words[0] == "chmod"
    subprocess.run(words, check=True)
    hold_state(folder).release()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to somebody else")
def test_one_of_another_user_is_refused_though_root_may_keep_users_in_it(folder: Path) -> None:
    make_private_folder(folder)
    os.chown(folder, STRANGER_UID, STRANGER_UID)
    with pytest.raises(StateError, match=f"belongs to uid {STRANGER_UID}, and this process is uid 0"):
        hold_state(folder)
    check_private_folder(folder, may_be_anothers=True)


@pytest.mark.parametrize("place", ["file", "file/state"])
def test_a_file_in_the_way_is_an_error(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StateError, match="cannot be made"):
        hold_state(tmp_path / place)


def test_a_link_to_a_private_folder_will_do(tmp_path: Path, folder: Path) -> None:
    make_private_folder(folder)
    (tmp_path / "link").symlink_to(folder)
    hold_state(tmp_path / "link").release()


def test_a_second_daemon_is_refused_and_told_who_holds_it(folder: Path) -> None:
    with another_holder(folder) as pid:
        with pytest.raises(StateTaken, match=f"in use by process {pid};"):
            hold_state(folder)
        assert read_doors(folder) == {"tcp": ["127.0.0.1:7022"]}


def test_it_is_refused_within_one_process_too_and_free_after_the_release(folder: Path) -> None:
    held = hold_state(folder)
    with pytest.raises(StateTaken, match=f"process {os.getpid()};"):
        hold_state(folder)
    held.release()
    hold_state(folder).release()


def test_a_lock_file_that_says_nothing_sensible_still_holds(folder: Path) -> None:
    held = hold_state(folder)
    (folder / "lock").write_bytes(b"\x1b[31m\n" * 100)
    with pytest.raises(StateTaken, match="in use by another process;"):
        hold_state(folder)
    held.release()


def test_what_a_killed_daemon_left_is_no_hindrance_and_goes(folder: Path) -> None:
    with another_holder(folder) as pid:
        os.kill(pid, signal.SIGKILL)
    assert (folder / "lock").read_text() == f"{pid}\n"
    assert read_doors(folder) != {}
    (folder / ".doors.json.0123456789abcdef.new").touch()
    held = hold_state(folder)
    assert (folder / "lock").read_text() == f"{os.getpid()}\n"
    assert os.listdir(folder) == ["lock"]
    held.release()


def test_a_link_in_the_place_of_the_lock_is_not_followed(tmp_path: Path, folder: Path) -> None:
    make_private_folder(folder)
    (folder / "lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StateError, match="lock cannot be opened"):
        hold_state(folder)
    assert not (tmp_path / "elsewhere").exists()


def test_children_do_not_hold_it_on(folder: Path) -> None:
    held = hold_state(folder)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, close_fds=False):
        held.release()
        hold_state(folder).release()


def test_doors_are_told_until_the_release(folder: Path) -> None:
    doors = {"tcp": ["127.0.0.1:7022", "[::1]:7022"], "unix": [str(folder / "doorward.sock")]}
    held = hold_state(folder)
    assert read_doors(folder) == {}
    held.write_doors(doors)
    assert read_doors(folder) == doors
    assert stat.S_IMODE((folder / "doors.json").stat().st_mode) == 0o600
    held.remove_doors()
    held.remove_doors()
    assert read_doors(folder) == {}
    held.write_doors(doors)
    held.release()
    held.release()
    assert read_doors(folder) == {}


def test_who_released_it_leaves_the_doors_of_the_next_alone(folder: Path) -> None:
    first = hold_state(folder)
    first.release()
    second = hold_state(folder)
    second.write_doors({"tcp": []})
    first.release()
    with pytest.raises(StateError, match="was released"):
        first.remove_doors()
    with pytest.raises(StateError, match="was released"):
        first.write_doors({})
    assert read_doors(folder) == {"tcp": []}
    second.release()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b'{"tcp": "x"}',
        b'{"tcp": [1]}',
        b"\xff",
        b"[" * 60_000,
        b'{"tcp": []}' + b" " * 70_000,
    ],
)
def test_garbage_in_place_of_the_doors_is_an_error_that_names_the_file(folder: Path, data: bytes) -> None:
    folder.mkdir()
    (folder / "doors.json").write_bytes(data)
    with pytest.raises(StateError, match=r"state/doors\.json"):
        read_doors(folder)


def test_neither_a_pipe_nor_a_link_in_place_of_the_doors_is_read(folder: Path) -> None:
    folder.mkdir()
    os.mkfifo(folder / "doors.json")
    with pytest.raises(StateError, match=r"doors\.json is no regular file"):
        read_doors(folder)
    (folder / "doors.json").unlink()
    (folder / "there").write_text("{}")
    (folder / "doors.json").symlink_to("there")
    with pytest.raises(StateError, match=r"doors\.json cannot be read"):
        read_doors(folder)


def test_a_client_trusts_a_folder_of_its_own(folder: Path) -> None:
    assert not is_trusted(folder)
    make_private_folder(folder)
    assert is_trusted(folder)


@pytest.mark.parametrize("mode", [0o755, 0o710, 0o701, 0o775, 0o757, 0o777])
def test_a_client_trusts_no_folder_that_others_can_enter(folder: Path, mode: int) -> None:
    folder.mkdir()
    folder.chmod(mode)
    assert not is_trusted(folder)


def test_a_client_trusts_neither_links_nor_files(tmp_path: Path, folder: Path) -> None:
    make_private_folder(folder)
    (tmp_path / "link").symlink_to(folder)
    (tmp_path / "file").touch(mode=0o600)
    assert not is_trusted(tmp_path / "link")
    assert not is_trusted(tmp_path / "file")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to somebody else")
def test_a_client_trusts_no_folder_of_a_stranger(folder: Path) -> None:
    make_private_folder(folder)
    os.chown(folder, STRANGER_UID, STRANGER_UID)
    assert not is_trusted(folder)


def test_a_list_of_doors_that_cannot_be_removed_does_not_keep_the_folder_held(folder: Path) -> None:
    held = hold_state(folder)
    (folder / "doors.json" / "in-the-way").mkdir(parents=True)
    held.release()
    (folder / "doors.json" / "in-the-way").rmdir()
    (folder / "doors.json").rmdir()
    hold_state(folder).release()
