"""Twenty nights over FTP in the clear, and with servers that connect for files themselves."""

from pathlib import Path

import pytest

from doorward.clients.ftp.settings import Security
from tests.clients.ftp.servers import needs_root
from tests.errands.backups.nights import carry_for_nights
from tests.errands.backups.real_places import Kind, Place, server

pytestmark = [needs_root, pytest.mark.timeout(600)]

V6 = "::1"
ACTIVE = ("--active",)
ONE_BY_ONE = ("--at-once", "1")
"""pyftpdlib goes deaf to one login when another one has it connect: its loop forgets a socket too many."""

SERVERS = [
    server("vsftpd", Kind("vsftpd")),
    server("vsftpd-v6", Kind("vsftpd", host=V6)),
    server("vsftpd-active", Kind("vsftpd", words=ACTIVE)),
    server("vsftpd-active-v6", Kind("vsftpd", host=V6, words=ACTIVE), is_soak=False),
    server("proftpd", Kind("proftpd")),
    server("proftpd-v6", Kind("proftpd", host=V6)),
    server("proftpd-active", Kind("proftpd", words=ACTIVE)),
    server("proftpd-active-v6", Kind("proftpd", host=V6, words=ACTIVE)),
    server("pure-ftpd", Kind("pure-ftpd")),
    server("pure-ftpd-v6", Kind("pure-ftpd", host=V6)),
    server("pure-ftpd-active", Kind("pure-ftpd", words=ACTIVE), is_soak=False),
    server("pure-ftpd-active-v6", Kind("pure-ftpd", host=V6, words=ACTIVE)),
    server("pyftpdlib", Kind("pyftpdlib"), is_soak=False),
    server("pyftpdlib-v6", Kind("pyftpdlib", host=V6)),
    server("pyftpdlib-active", Kind("pyftpdlib", words=ACTIVE, of_push=ONE_BY_ONE)),
    server("pyftpdlib-active-v6", Kind("pyftpdlib", host=V6, words=ACTIVE, of_push=ONE_BY_ONE)),
    server("vsftpd-active-tls", Kind("vsftpd", Security.EXPLICIT, words=ACTIVE)),
    server("proftpd-active-tls", Kind("proftpd", Security.EXPLICIT, words=ACTIVE)),
    server("pure-ftpd-active-tls", Kind("pure-ftpd", Security.EXPLICIT, words=ACTIVE)),
]


@pytest.mark.parametrize("place", SERVERS, indirect=True)
def test_twenty_nights_leave_the_newest_five(
    place: Place, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    carry_for_nights(place, here, monkeypatch, capsys)
