"""Places that keep backups, by their URLs and by what one logs in with."""

import asyncio
from pathlib import Path

import pytest

from doorward.clients.folder.store import FolderStore
from doorward.clients.ftp.settings import FtpServer, Security
from doorward.clients.ftp.store import FtpStore
from doorward.clients.ssh.sftp.store import SftpStore
from doorward.compose.backup_places import place_at
from doorward.compose.backups import carry
from doorward.core.backup_errands import Access, BackupErrand
from doorward.core.backup_store import BackupStore
from doorward.core.errors import ConnectError, TrustError
from doorward.core.schedules import Every
from doorward.core.secret import Secret
from doorward.errands.backups.report import report_text


def place(
    url: str,
    access: Access | None = None,
    *,
    password: str | None = None,
    environment: dict[str, str] | None = None,
) -> BackupStore:
    secret = None if password is None else Secret(password)
    return place_at(url, access or Access(), password=secret, environment=environment or {})


def server_of(store: BackupStore) -> FtpServer:
    assert isinstance(store, FtpStore)
    return store._server


@pytest.mark.parametrize(
    ("url", "kind", "address"),
    [
        ("file:///mnt/a%20disk", FolderStore, "file:///mnt/a%20disk"),
        ("file://localhost/mnt", FolderStore, "file:///mnt"),
        ("ftp://example.org", FtpStore, "ftp://example.org/"),
        ("ftps://alice@example.org/a/b/", FtpStore, "ftps://example.org/a/b"),
        ("ftpes://example.org:2121/%2Fsrv", FtpStore, "ftpes://example.org:2121/%2Fsrv"),
        ("ftpes://[::1]//srv", FtpStore, "ftpes://[::1]/%2Fsrv"),
        ("sftp://example.org/~/", SftpStore, "sftp://example.org/~/."),
        ("sftp://example.org/~", SftpStore, "sftp://example.org/~/."),
        ("sftp://example.org/~/kept/", SftpStore, "sftp://example.org/~/kept"),
        ("sftp://alice@example.org/srv/a/", SftpStore, "sftp://example.org/srv/a"),
        ("sftp://example.org:2222/~/a", SftpStore, "sftp://example.org:2222/~/a"),
        ("sftp://[::1]/srv", SftpStore, "sftp://[::1]/srv"),
    ],
)
def test_a_url_says_which_place(url: str, kind: type[BackupStore], address: str) -> None:
    store = place(url)
    assert isinstance(store, kind)
    assert store.address == address


@pytest.mark.parametrize(
    "url",
    [
        "https://alice:hunter2@example.org/",
        "/mnt/disk",
        "file:mnt",
        "file://example.org/mnt",
        "file:///mnt?x",
        "ftp://alice:hunter2@example.org/a",
        "ftp://",
        "ftp://example.org/a%0Ab",
        "sftp://alice:hunter2@example.org/a",
        "sftp://example.org",
        "sftp://example.org:0/a",
        "sftp://example.org:x/a",
        "sftp://example.org/a%0Ab",
        "sftp://example.org/a?b",
        "sftp://[/a",
    ],
)
def test_what_is_no_place_is_told_without_its_password(url: str) -> None:
    with pytest.raises(ConnectError) as caught:
        place(url)
    assert "hunter2" not in str(caught.value)
    assert caught.value.next_step


def test_a_password_comes_from_where_it_was_said_to(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("of the file\n")
    file.chmod(0o600)
    access = Access(password_file=str(file))
    assert server_of(place("ftps://alice@example.org", access)).password == Secret("of the file")
    given = server_of(place("ftps://alice@example.org", access, password="given"))
    assert (given.user, given.password) == ("alice", Secret("given"))
    file.chmod(0o644)
    with pytest.raises(ConnectError, match="others may read it") as caught:
        place("ftps://alice@example.org", access)
    assert "of the file" not in str(caught.value)
    nobody = server_of(place("ftps://example.org"))
    assert (nobody.user, nobody.password, nobody.security) == ("anonymous", None, Security.EITHER)


def test_an_errand_whose_login_cannot_be_had_tells_of_no_user(tmp_path: Path) -> None:
    errand = BackupErrand(
        name="nightly",
        folder=str(tmp_path),
        destination="ftps://alice@example.org/a",
        keep=1,
        timing=Every(60),
        access=Access(password_file=str(tmp_path / "missing")),
    )
    report = asyncio.run(carry(errand, {}))
    assert not report.is_success
    assert "alice" not in report_text(report)


def test_a_login_is_looked_up_where_that_is_wanted(tmp_path: Path) -> None:
    file = tmp_path / "netrc"
    file.write_text("machine example.org login alice password sesame\n")
    file.chmod(0o600)
    environment = {"NETRC": str(file)}
    access = Access(netrc=True)
    for url in ("ftps://example.org", "ftps://alice@example.org"):
        server = server_of(place(url, access, environment=environment))
        assert (server.user, server.password) == ("alice", Secret("sesame"))
    # not for another user, nor at another host, nor unasked
    assert server_of(place("ftps://bob@example.org", access, environment=environment)).password is None
    assert server_of(place("ftps://example.net", access, environment=environment)).password is None
    assert server_of(place("ftps://example.org", environment=environment)).password is None
    file.chmod(0o644)
    with pytest.raises(TrustError, match="others may read it"):
        place("ftps://example.org", access, environment=environment)


def test_how_one_gets_there_is_passed_on(tmp_path: Path) -> None:
    access = Access(
        ca=str(tmp_path / "ca.pem"),
        fingerprint="ab" * 32,
        may_be_overheard=True,
        at_most_tls12=True,
        is_active=True,
    )
    server = server_of(place("ftpes://alice@example.org", access, password="x"))
    assert (server.trust.authorities, server.trust.fingerprint) == (tmp_path / "ca.pem", "ab" * 32)
    assert (server.may_be_overheard, server.at_most_tls12, server.is_active) == (True, True, True)
    store = place("sftp://alice@example.org/a", Access(identity=str(tmp_path / "key"), fingerprint="cd" * 32))
    assert isinstance(store, SftpStore)
    endpoint = store._server.endpoint
    assert (endpoint.identity.user, endpoint.identity.key_file) == ("alice", tmp_path / "key")
    assert endpoint.fingerprint == "cd" * 32
