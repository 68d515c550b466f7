"""Runs of the command line that are killed in the midst, and what the next one makes of it."""

import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from doorward.cli.root import run
from doorward.clients.ftp.settings import Security
from tests.clients.ftp.servers import needs_root
from tests.daemon import Shell
from tests.errands.backups.broken_runs import Broken, offsets
from tests.errands.backups.real_places import Kind, Place, server
from tests.plugins.soak import IS_SOAK

pytestmark = [needs_root, pytest.mark.timeout(900)]

KILLS = 50 if IS_SOAK else 1
TRIES = 10
SIZE_BYTES = 3_000_000
PACE = "12M"
"""A quarter of a second for all of it, so that there is something to kill."""
BOUND_SECONDS = 60.0

SERVERS = [
    server("sftp", Kind("sftp"), is_soak=False),
    server("vsftpd", Kind("vsftpd", Security.IMPLICIT), is_soak=False),
    server("proftpd", Kind("proftpd", Security.EXPLICIT)),
    server("pure-ftpd", Kind("pure-ftpd", Security.EXPLICIT)),
    server("file", Kind("file")),
]


def await_part(place: Place, offset: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until so much is there, or all that is sent, or the run is over."""
    deadline = time.monotonic() + BOUND_SECONDS
    while process.poll() is None and not (place.folder / "web.3").exists():
        if any(size_of(each) >= offset for each in place.folder.glob("web.3.*.part")):
            return
        assert time.monotonic() < deadline
        time.sleep(0.002)


def size_of(path: Path) -> int:
    """Its length; 0 once it has another name."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def kill_at(offset: int, broken: Broken, start: Callable[[], subprocess.Popen[bytes]]) -> None:
    """Kill a run once so much is there; one that is over before somebody looks is begun once more."""
    for _ in range(TRIES):
        broken.begin()
        process = start()
        try:
            await_part(broken.place, offset, process)
        finally:
            process.kill()
            said = process.communicate()
        if process.returncode == -signal.SIGKILL:
            return
        assert process.returncode == 0, said
    pytest.fail(f"{TRIES} runs were over before they were killed")


@pytest.mark.parametrize("place", SERVERS, indirect=True)
def test_a_run_that_is_killed_anywhere_is_made_good_by_the_next(
    place: Place,
    here: Path,
    shell: Shell,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in place.environment.items():
        monkeypatch.setenv(name, value)
    killed = Shell(shell.folder, {**shell.environment, **place.environment})
    broken = Broken(place, here, SIZE_BYTES)
    words = place.push(here, "--keep", "2", "--bytes-per-second", PACE)
    for offset in offsets(KILLS, SIZE_BYTES):
        kill_at(offset, broken, lambda: killed.start(*words))
        broken.check()
        assert run(place.push(here, "--keep", "2")) == 0, capsys.readouterr()
        assert capsys.readouterr().err == ""
        broken.check_end()
