"""Who asks which users there are learns nothing at the door: the same work, the same words, the same end."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.attacks.conftest import Attacked
from tests.attacks.passwords import FULL_HASH, USERS, tried
from tests.doors.daemon import BOUND_SECONDS, Daemon, until
from tests.doors.peers import GREETING
from tests.doors.tls_peers import TLS

DOOR = '[doors.tls]\nlisten = ["127.0.0.1:0"]\n'
UNPUNISHED = '[limits.penalties]\nexempt = ["127.0.0.0/8"]\n'
HASH_BYTES = 64 * 1024 * 1024
"""What one hash takes of memory, as it is shipped; nothing else of the daemon takes that much at once."""

WRONG = {
    "an unknown name": b"nobody wrong",
    "a known name": b"alice wrong",
    "a user without a password": b"nologin wrong",
    "a name like no other": b"\xc3\xa9\xe2\x80\xae wrong",
    "no name": b" wrong",
    "no password": b"alice ",
    "one word": b"wrong",
    "nothing": b"",
    "as long as may be": b"alice " + b"x" * 1024,
}
TOO_LONG = {
    "a known name": b"alice " + b"x" * 1025,
    "an unknown name": b"nobody " + b"x" * 1025,
    "a user without a password": b"nologin " + b"x" * 1025,
}


@contextmanager
def counted_hashes(daemon: Daemon, folder: Path) -> Iterator[Path]:
    """A file with a line for each hash that the daemon computes meanwhile, where it takes memory for it."""
    found = folder / "calls"
    words = ["strace", "-f", "-qq", "-e", "trace=mmap", "-o", str(found), "-p", str(daemon.pid)]
    with subprocess.Popen(words, stderr=subprocess.DEVNULL) as strace:
        try:
            until(lambda: "TracerPid:\t0\n" not in Path(f"/proc/{daemon.pid}/status").read_text(), "strace")
            yield found
        finally:
            strace.terminate()
            strace.wait(BOUND_SECONDS)


def hashes(calls: Path) -> int:
    sizes = [int(size) for size in re.findall(r"mmap\(NULL, (\d+),", calls.read_text())]
    return sum(HASH_BYTES <= size < HASH_BYTES + 1024 * 1024 for size in sizes)


@pytest.mark.needs_program("strace", package="strace")
def test_each_wrong_login_costs_one_hash_and_ends_alike(attacked: Attacked, tmp_path: Path) -> None:
    daemon = attacked(UNPUNISHED, tls=DOOR + USERS)
    with counted_hashes(daemon, tmp_path) as calls:
        for number, (kind, line) in enumerate(WRONG.items(), start=1):
            assert tried(daemon, line, source="127.0.0.3") == b"", kind
            assert hashes(calls) == number, kind
        for kind, line in TOO_LONG.items():
            assert tried(daemon, line, source="127.0.0.3") == b"", kind
            assert hashes(calls) == len(WRONG), kind
        assert tried(daemon, b"alice sesame", source="127.0.0.3") == GREETING
        assert hashes(calls) == len(WRONG) + 1


@pytest.mark.needs_program("strace", package="strace")
def test_the_only_user_with_a_password_is_asked_for_alike(attacked: Attacked, tmp_path: Path) -> None:
    only = TLS.replace(TLS.partition('password = "')[2].partition('"')[0], FULL_HASH)
    daemon = attacked(UNPUNISHED, tls=only)
    with counted_hashes(daemon, tmp_path) as calls:
        for number, line in enumerate((b"wrong", b"alice sesame", b"nobody x", b""), start=1):
            assert tried(daemon, line, source="127.0.0.3") == b""
            assert hashes(calls) == number
        assert tried(daemon, b"sesame", source="127.0.0.3") == GREETING
