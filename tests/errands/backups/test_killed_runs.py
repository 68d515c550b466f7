"""Runs of the command line that are killed in the midst, and what the next one makes of it."""

import time
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
SIZE_BYTES = 3_000_000
PACE = "12M"
"""A quarter of a second for all of it, so that there is something to kill."""
BOUND_SECONDS = 60.0

SERVERS = [
    server("sftp", Kind("sftp"), is_soak=False),
    server("vsftpd", Kind("vsftpd", Security.IMPLICIT), is_soak=False),
    server("proftpd", Kind("proftpd", Security.EXPLICIT)),
    server("pure-ftpd", Kind("pure-ftpd", Security.EXPLICIT)),
]


def await_part(place: Place, offset: int) -> None:
    deadline = time.monotonic() + BOUND_SECONDS
    while True:
        sizes = [each.stat().st_size for each in place.folder.glob("web.3.*")]
        if max(sizes, default=0) >= offset or (place.folder / "web.3").exists():
            return
        assert time.monotonic() < deadline
        time.sleep(0.002)


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
    for offset in offsets(KILLS, SIZE_BYTES):
        broken.begin()
        process = killed.start(*place.push(here, "--keep", "2", "--bytes-per-second", PACE))
        try:
            await_part(place, offset)
        finally:
            process.kill()
            process.communicate()
        broken.check()
        assert run(place.push(here, "--keep", "2")) == 0, capsys.readouterr()
        assert capsys.readouterr().err == ""
        broken.check_end()
