"""Disks that are full behind real servers: told, nothing lost, and good once there is room."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from doorward.clients.ftp.settings import Security
from tests.clients.ftp.servers import needs_root
from tests.daemon import Shell
from tests.errands.backups.broken_runs import named_of
from tests.errands.backups.places import contents, fill
from tests.errands.backups.real_places import Kind, Place, server
from tests.plugins.disks import small_file_system

pytestmark = [needs_root, pytest.mark.timeout(180)]

OLD_BYTES = 700_000
NEW_BYTES = 6_000_000
"""So many that a good deal is under way when there is no more room."""
BOUND_SECONDS = 120.0

EXPLICIT = Security.EXPLICIT
# pyftpdlib is none of them: it says nothing more at all once it could not write
SERVERS = [
    server("sftp", Kind("sftp"), is_soak=False),
    server("vsftpd", Kind("vsftpd"), is_soak=False),
    server("vsftpd-tls", Kind("vsftpd", EXPLICIT)),
    server("proftpd", Kind("proftpd")),
    server("proftpd-tls", Kind("proftpd", EXPLICIT)),
    server("pure-ftpd", Kind("pure-ftpd")),
    server("pure-ftpd-tls", Kind("pure-ftpd", EXPLICIT)),
]


@pytest.fixture
def full(place: Place) -> Iterator[Place]:
    """The place, its folder a disk with room for two old ones and some of the new one."""
    place.folder.rmdir()
    with small_file_system(place.folder, "2m"):
        place.folder.chmod(0o777)
        yield place


@pytest.mark.parametrize("place", SERVERS, indirect=True)
def test_a_full_disk_is_told_and_once_there_is_room_all_of_it_comes(
    full: Place, here: Path, shell: Shell
) -> None:
    full.fill("web.1", "web.2", size_bytes=OLD_BYTES)
    fill(here, "web.3", size_bytes=NEW_BYTES)

    def push() -> "subprocess.CompletedProcess[str]":
        words = full.push(here, "--keep", "1", "--retries", "1")
        return shell.run(*words, environment=full.environment, seconds=BOUND_SECONDS)

    for _ in range(2):
        ran = push()
        assert ran.returncode == 1, ran
        (line,) = (line for line in ran.stdout.splitlines() if line.startswith("failed"))
        assert line.startswith("failed   web.3"), ran
        assert line.endswith("Make room there, or ask its keeper for more."), ran
        # ProFTPD calls it an error of the disk where it was in the midst, and a full disk the next time
        assert all("it is tried again" in each for each in ran.stderr.splitlines()), ran.stderr
        assert named_of(full.found()) == contents("web.1", "web.2", size_bytes=OLD_BYTES)
    subprocess.run(["mount", "-o", "remount,size=16m", str(full.folder)], check=True)
    ran = push()
    assert (ran.returncode, ran.stderr) == (0, ""), ran
    assert "gone on with" in ran.stdout
    assert full.found() == contents("web.3", size_bytes=NEW_BYTES)
