"""Twenty nights over FTP with TLS, each version of it alone too."""

import subprocess
from pathlib import Path

import pytest

from doorward.cli.root import run
from doorward.clients.ftp.settings import Security
from tests.clients.ftp.servers import needs_root
from tests.errands.backups.nights import carry_for_nights
from tests.errands.backups.places import fill
from tests.errands.backups.real_places import Kind, Place, server

pytestmark = [needs_root, pytest.mark.timeout(600)]

V6 = "::1"
EXPLICIT, IMPLICIT = Security.EXPLICIT, Security.IMPLICIT
TLS12, TLS13 = "TLSv1.2", "TLSv1.3"
AT_MOST = ("--at-most-tls12",)

SERVERS = [
    server("vsftpd-explicit", Kind("vsftpd", EXPLICIT)),
    server("vsftpd-implicit", Kind("vsftpd", IMPLICIT), is_soak=False),
    server("vsftpd-explicit-v6", Kind("vsftpd", EXPLICIT, host=V6), is_soak=False),
    server("vsftpd-implicit-v6", Kind("vsftpd", IMPLICIT, host=V6)),
    server("vsftpd-1.2", Kind("vsftpd", EXPLICIT, tls=TLS12)),
    server("vsftpd-1.3", Kind("vsftpd", EXPLICIT, tls=TLS13)),
    server("vsftpd-at-most-1.2", Kind("vsftpd", EXPLICIT, words=AT_MOST)),
    server("proftpd-explicit", Kind("proftpd", EXPLICIT), is_soak=False),
    server("proftpd-explicit-v6", Kind("proftpd", EXPLICIT, host=V6)),
    server("proftpd-1.2", Kind("proftpd", EXPLICIT, tls=TLS12)),
    server("proftpd-1.3", Kind("proftpd", EXPLICIT, tls=TLS13)),
    server("proftpd-at-most-1.2", Kind("proftpd", EXPLICIT, words=AT_MOST)),
    server("pure-ftpd-explicit", Kind("pure-ftpd", EXPLICIT), is_soak=False),
    server("pure-ftpd-explicit-v6", Kind("pure-ftpd", EXPLICIT, host=V6)),
    server("pure-ftpd-1.2", Kind("pure-ftpd", EXPLICIT, tls=TLS12)),
    server("pure-ftpd-1.3", Kind("pure-ftpd", EXPLICIT, tls=TLS13)),
]


@pytest.mark.parametrize("place", SERVERS, indirect=True)
def test_twenty_nights_leave_the_newest_five(
    place: Place, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    carry_for_nights(place, here, monkeypatch, capsys)


ONE_VERSION = [
    server("vsftpd", Kind("vsftpd", EXPLICIT, tls=TLS13, words=AT_MOST), is_soak=False),
    server("proftpd", Kind("proftpd", EXPLICIT, tls=TLS13, words=AT_MOST)),
    server("pure-ftpd", Kind("pure-ftpd", EXPLICIT, tls=TLS13, words=AT_MOST)),
]


@pytest.mark.parametrize("place", ONE_VERSION, indirect=True)
def test_a_server_that_speaks_none_of_the_versions_wanted_is_told(
    place: Place, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert {version for version in (TLS12, TLS13) if speaks(place, version)} == {TLS13}
    for name, value in place.environment.items():
        monkeypatch.setenv(name, value)
    fill(here, "web.1")
    assert run(place.push(here, "--keep", "2", "--retries", "0")) == 125
    said = capsys.readouterr().err
    assert "TLS failed" in said
    assert place.found() == {}


def speaks(place: Place, version: str) -> bool:
    """Whether the server speaks that version with a client of others."""
    assert place.ftp is not None
    at = f"{place.ftp.server.host}:{place.ftp.server.port}"
    option = "-" + version.replace("v", "").replace(".", "_").lower()
    words = ["openssl", "s_client", "-starttls", "ftp", option, "-connect", at]
    said = subprocess.run(words, input=b"", capture_output=True, check=False, timeout=60)
    return f"New, {version}, Cipher".encode() in said.stdout
