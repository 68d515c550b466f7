"""Servers that are killed in the midst of a backup: their sessions, or all of it, and started again."""

from pathlib import Path

import pytest

from doorward.clients.ftp.settings import Security
from doorward.errands.backups.pace import LEAST_PIECE_BYTES
from tests.clients.ftp.servers import needs_root
from tests.clients.server_process import ServerProcess
from tests.errands.backups.broken_runs import Broken, named_of, offsets
from tests.errands.backups.real_places import Kind, Place, server
from tests.plugins.soak import IS_SOAK

pytestmark = [needs_root, pytest.mark.timeout(900)]

KILLS = 50 if IS_SOAK else 2
SIZE_BYTES = 1_200_000

WHOLE = [
    server("vsftpd", Kind("vsftpd", Security.EXPLICIT), is_soak=False),
    server("proftpd", Kind("proftpd", Security.EXPLICIT)),
    server("pure-ftpd", Kind("pure-ftpd", Security.EXPLICIT)),
    server("pyftpdlib", Kind("pyftpdlib")),
    server("sftp", Kind("sftp"), is_soak=False),
]
SESSIONS = [
    server("vsftpd", Kind("vsftpd", Security.IMPLICIT)),
    server("proftpd", Kind("proftpd", Security.EXPLICIT), is_soak=False),
    server("pure-ftpd", Kind("pure-ftpd", Security.EXPLICIT)),
    server("sftp", Kind("sftp")),
]


class _Strike:
    """Strikes once, when so much of the file was read."""

    def __init__(self, process: ServerProcess, offset: int, *, is_whole: bool, comes_back: bool) -> None:
        self._process = process
        self._offset = offset
        self._is_whole = is_whole
        self._comes_back = comes_back
        self.has_struck = False

    def __call__(self, offset: int) -> None:
        if self.has_struck or offset < self._offset:
            return
        self.has_struck = True
        if not self._is_whole:
            self._process.kill_sessions()
            return
        self._process.kill()
        if self._comes_back:
            self._process.start_again()


@pytest.mark.parametrize("place", WHOLE, indirect=True)
def test_a_server_killed_whole_anywhere_is_gone_on_with(place: Place, here: Path) -> None:
    assert place.process is not None
    broken = Broken(place, here, SIZE_BYTES)
    for number, offset in enumerate(offsets(KILLS, SIZE_BYTES - LEAST_PIECE_BYTES)):
        broken.begin()
        comes_back = number % 2 == 0
        strike = _Strike(place.process, offset, is_whole=True, comes_back=comes_back)
        report = broken.push(strike, retries=20)
        assert strike.has_struck
        broken.check()
        if comes_back:
            # the run itself makes it good
            assert report.is_success, (offset, report)
            broken.check_end()
        else:
            assert not report.is_success
            assert set(named_of(place.found())) == {"web.1", "web.2"}
            place.process.start_again()
            broken.make_good()


@pytest.mark.parametrize("place", SESSIONS, indirect=True)
def test_sessions_killed_anywhere_are_gone_on_with(place: Place, here: Path) -> None:
    assert place.process is not None
    broken = Broken(place, here, SIZE_BYTES)
    for offset in offsets(KILLS, SIZE_BYTES - LEAST_PIECE_BYTES):
        broken.begin()
        strike = _Strike(place.process, offset, is_whole=False, comes_back=True)
        report = broken.push(strike)
        assert strike.has_struck
        # it listens still
        assert report.is_success, (offset, report)
        broken.check_end()
