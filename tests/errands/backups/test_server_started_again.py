"""A server that is killed whole while a backup comes to it, and started again at the same port."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.daemon import Shell
from tests.errands.backups.places import contents, fill
from tests.fetch_servers import free_ports

pytestmark = pytest.mark.timeout(180)

BOUND_SECONDS = 90.0
SIZE_BYTES = 2_000_000
PASSWORD = "open sesame"


@contextmanager
def served(folder: Path, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    words = [sys.executable, "-m", "tests.clients.ftp.pyftpdlib_server", "127.0.0.1", str(port)]
    process = subprocess.Popen([*words, str(folder), PASSWORD], stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait(timeout=BOUND_SECONDS)


def await_part(folder: Path, size_bytes: int) -> None:
    deadline = time.monotonic() + BOUND_SECONDS
    while not any(each.stat().st_size >= size_bytes for each in folder.glob("web.3.*.part")):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_server_that_is_killed_whole_and_started_again_is_gone_on_with(
    tmp_path: Path, shell: Shell
) -> None:
    here, away = tmp_path / "backup", tmp_path / "away"
    here.mkdir()
    away.mkdir()
    fill(here, "web.3", size_bytes=SIZE_BYTES)
    fill(away, "web.1", "web.2", size_bytes=SIZE_BYTES)
    (port,) = free_ports(1)
    pushing = Shell(shell.folder, {**shell.environment, "DOORWARD_PASSWORD": PASSWORD})
    words = ("--from", str(here), "--to", f"ftp://alice@127.0.0.1:{port}/", "--keep", "2", "--retries", "20")
    with served(away, port) as first:
        process = pushing.start("backup", "push", *words, "--bytes-per-second", "1M")
        try:
            await_part(away, SIZE_BYTES // 4)
            first.kill()
            first.wait(timeout=BOUND_SECONDS)
            assert {each.name for each in away.iterdir() if each.suffix != ".part"} == {"web.1", "web.2"}
            with served(away, port):
                _, said = process.communicate(timeout=BOUND_SECONDS)
        finally:
            process.kill()
            process.communicate()
    assert process.returncode == 0, said
    assert b"it is tried again" in said
    assert {each.name: each.read_bytes() for each in away.iterdir()} == contents(
        "web.2", "web.3", size_bytes=SIZE_BYTES
    )
