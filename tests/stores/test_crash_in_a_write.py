"""A process that is killed in the midst of a write, or whose disk fails: old or new, never half."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from doorward.core.tokens import Token
from doorward.stores.atomic import remove_leftovers, write_atomically
from doorward.stores.tokens import TokenFile

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
    return under_strace([WRITE, str(path)], injection)


def under_strace(words: list[str], injection: str) -> int:
    """Run Python on `words` with a fault in one of its calls; its exit status, negative for a signal."""
    call = injection.partition(":")[0]
    # without -B the interpreter writes files of its own
    argv = ["strace", "-f", "-o", os.devnull, "-e", f"trace={call}", "-e", f"inject={injection}"]
    argv += [sys.executable, "-B", "-c", *words]
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


REVOKE = """
import sys
from pathlib import Path
from doorward.stores.tokens import TokenFile
TokenFile(Path(sys.argv[1])).remove("aaaaaaaa")
"""


@pytest.mark.parametrize("call", ["fsync", "rename"])
def test_a_revocation_that_is_killed_leaves_all_tokens_or_all_but_that_one(tmp_path: Path, call: str) -> None:
    first, second = (Token(id=letter * 8, user="alice", digest=bytes(32)) for letter in "ab")
    tokens = TokenFile(tmp_path)
    for token in (first, second):
        tokens.add(token, most=2)
    seen: list[tuple[Token, ...]] = []
    for number in range(1, MOST_CALLS):
        status = under_strace([REVOKE, str(tmp_path)], f"{call}:signal=KILL:when={number}")
        seen.append(tokens.load())
        if status == 0:
            break
        assert status == -9
    assert seen[0] == (first, second)
    assert seen[-1] == (second,)
    assert set(seen) == {(first, second), (second,)}
    tokens.remove("aaaaaaaa")
    assert sorted(os.listdir(tmp_path)) == ["tokens.json", "tokens.lock"]


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
