"""Locks for short work."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from doorward.core.errors import StateError
from doorward.stores.locks import open_private, short_lock, try_lock, unlock


def test_a_lock_that_another_holds_all_the_while_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with (
        short_lock(path, within_seconds=0),
        pytest.raises(StateError, match=r"lock was held by another process for 0\.05 s"),
        short_lock(path, within_seconds=0.05),
    ):
        pytest.fail("the lock was given twice")
    with short_lock(path, within_seconds=0):
        pass


def test_a_lock_that_becomes_free_in_time_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    descriptor = open_private(path, os.O_RDWR | os.O_CREAT)
    assert try_lock(descriptor)
    code = "import sys; from pathlib import Path; from doorward.stores.locks import short_lock\n"
    code += "print(flush=True)\n"
    code += "with short_lock(Path(sys.argv[1]), within_seconds=30): print('taken')"
    with subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        unlock(descriptor)
        assert process.communicate(timeout=30)[0] == b"taken\n"


def test_an_error_of_the_work_lets_the_lock_go(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with pytest.raises(ZeroDivisionError), short_lock(path, within_seconds=0):
        _ = 1 // 0
    with short_lock(path, within_seconds=0):
        pass


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with (
        pytest.raises(StateError, match="missing/lock cannot be opened"),
        short_lock(tmp_path / "missing" / "lock", within_seconds=0),
    ):
        pytest.fail("there is no lock")
