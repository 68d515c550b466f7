"""Files that grow, shrink, go or are written anew while they are sent to real servers."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from doorward.clients.ftp.settings import Security
from tests.clients.ftp.servers import needs_root
from tests.errands.backups.broken_runs import BEFORE, Broken
from tests.errands.backups.places import contents, fill, told
from tests.errands.backups.real_places import Kind, Place, server

pytestmark = [needs_root, pytest.mark.timeout(120)]

SIZE_BYTES = 300_000

SERVERS = [
    server("vsftpd", Kind("vsftpd", Security.EXPLICIT), is_soak=False),
    server("proftpd", Kind("proftpd", Security.EXPLICIT)),
    server("pure-ftpd", Kind("pure-ftpd", Security.EXPLICIT)),
    server("pyftpdlib", Kind("pyftpdlib"), is_soak=False),
    server("sftp", Kind("sftp"), is_soak=False),
    server("file", Kind("file")),
]


def grow(file: Path) -> None:
    with file.open("ab") as opened:
        opened.write(b"more")


def shrink(file: Path) -> None:
    os.truncate(file, SIZE_BYTES // 2)


def go(file: Path) -> None:
    file.unlink(missing_ok=True)


def write_anew(file: Path) -> None:
    file.unlink(missing_ok=True)
    fill(file.parent, file.name, size_bytes=SIZE_BYTES)


def change_content(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.write(b"other")


@pytest.mark.parametrize("place", SERVERS, indirect=True)
@pytest.mark.parametrize("change", [grow, shrink, go, write_anew, change_content])
def test_a_file_that_changes_while_it_is_sent_does_not_get_its_name(
    place: Place, here: Path, change: Callable[[Path], None]
) -> None:
    broken = Broken(place, here, SIZE_BYTES)
    broken.begin()
    changes = 0

    def in_the_midst(offset: int) -> None:
        nonlocal changes
        if offset > SIZE_BYTES // 2 and not changes:
            changes += 1
            change(here / "web.3")

    report = broken.push(in_the_midst)
    assert changes == 1
    assert told(report) == {"web.3": "failed", "web.2": "kept", "web.1": "skipped"}
    assert "while it was sent" in report.entries[0].reason or change is go
    # nobody could go on with a part of it
    assert place.found() == contents(*BEFORE, size_bytes=SIZE_BYTES)
    fill(here, "web.3", size_bytes=SIZE_BYTES)
    broken.make_good()
