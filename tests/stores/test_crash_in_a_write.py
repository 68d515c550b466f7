"""A process that is killed in the midst of a write, or whose disk fails: old or new, never half."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from doorward.stores.atomic import remove_leftovers, write_atomically

OLD, NEW = b"old" * 1000, b"new" * 1000
MOST_CALLS = 20

WRITE = """
import sys
from pathlib import Path
from doorward.stores.atomic import write_atomically
write_atomically(Path(sys.argv[1]), b"new" * 1000, mode=0o600)
"""

pytestmark = pytest.mark.needs_program("strace", package="strace")


def write_under_strace(path: Path, injection: str) -> int:
    """Write NEW in a process with a fault in one of its calls; its exit status, negative for a signal."""
    call = injection.partition(":")[0]
    # without -B the interpreter writes files of its own
    argv = ["strace", "-f", "-o", os.devnull, "-e", f"trace={call}", "-e", f"inject={injection}"]
    argv += [sys.executable, "-B", "-c", WRITE, str(path)]
    return subprocess.run(argv, check=False, capture_output=True, timeout=60).returncode


@pytest.mark.parametrize("call", ["fsync", "rename", "write", "fchmod"])
def test_killed_at_any_call_the_file_is_old_or_new(tmp_path: Path, call: str) -> None:
    path = tmp_path / "file"
    seen: list[bytes] = []
    for number in range(1, MOST_CALLS):
        write_atomically(path, OLD, mode=0o600)
        status = write_under_strace(path, f"{call}:signal=KILL:when={number}")
        seen.append(path.read_bytes())
        assert seen[-1] in {OLD, NEW}
        if status == 0:
            break
        assert status == -9
    # the first kill came before the file was whole, and the last process was not killed
    assert len(seen) > 1
    assert seen[0] == OLD
    assert seen[-1] == NEW
    remove_leftovers(path)
    assert os.listdir(tmp_path) == ["file"]


def test_a_kill_between_rename_and_the_folder_on_disk_leaves_the_new_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomically(path, OLD, mode=0o600)
    assert write_under_strace(path, "fsync:signal=KILL:when=2") == -9
    assert path.read_bytes() == NEW


@pytest.mark.parametrize(
    "injection",
    ["fsync:error=EIO:when=1", "write:error=ENOSPC:when=1", "rename:error=EIO", "fchmod:error=EPERM"],
)
def test_a_call_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path, injection: str) -> None:
    path = tmp_path / "file"
    write_atomically(path, OLD, mode=0o600)
    assert write_under_strace(path, injection) == 1
    assert path.read_bytes() == OLD
    assert os.listdir(tmp_path) == ["file"]
