"""
A folder at a server of FTP passes the suite of stores, whatever the server and the way to it.

Four ways stand for them, which have all there is between them; the soak tries them all.
"""

import asyncio
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest

from doorward.clients.ftp.settings import Security
from doorward.clients.ftp.store import FtpStore
from doorward.core.backup_store import StoreError, Trouble
from doorward.testing.backup_store_contract import (
    BackupStoreContract,
    KeptUnderTest,
    in_chunks,
    some_bytes,
    whole,
)
from tests.clients.folders import kept_in
from tests.clients.ftp.servers import (
    LOCALHOST,
    RealServer,
    needs_proftpd,
    needs_pureftpd,
    needs_root,
    needs_vsftpd,
    proftpd_running,
    pureftpd_running,
    pyftpdlib_running,
    vsftpd_running,
)
from tests.plugins.disks import small_file_system

pytestmark = pytest.mark.timeout(300)

STARTS = {
    "vsftpd": vsftpd_running,
    "proftpd": proftpd_running,
    "pure-ftpd": pureftpd_running,
    "pyftpdlib": pyftpdlib_running,
}
MARKS = {
    "vsftpd": [needs_vsftpd, needs_root],
    "proftpd": [needs_proftpd, needs_root],
    "pure-ftpd": [needs_pureftpd, needs_root],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A server, and how one gets to it."""

    kind: str
    security: Security = Security.NONE
    is_active: bool = False
    at_most_tls12: bool = False
    host: str = LOCALHOST
    options: tuple[str, ...] = field(default=())
    is_soak: bool = True

    @property
    def name(self) -> str:
        parts = [self.kind, self.security.value, "active" if self.is_active else "passive"]
        parts += ["tls12"] if self.at_most_tls12 else []
        parts += ["ipv6"] if self.host != LOCALHOST else []
        return "-".join([*parts, *(option.replace(" ", "-") for option in self.options)])

    @property
    def marks(self) -> list[pytest.MarkDecorator]:
        return [*MARKS.get(self.kind, ()), *([pytest.mark.soak] if self.is_soak else [])]


EXPLICIT, IMPLICIT = Security.EXPLICIT, Security.IMPLICIT
DIGEST = "LoadModule mod_digest.c"

WAYS = [
    Way(kind="vsftpd", security=EXPLICIT, is_soak=False),
    Way(kind="proftpd", security=EXPLICIT, is_active=True, host="::1", options=(DIGEST,), is_soak=False),
    Way(kind="pure-ftpd", is_soak=False),
    # not active: version 2.2 then leaves data unread, once in some hundred files
    Way(kind="pyftpdlib", is_soak=False),
    Way(kind="pyftpdlib", host="::1"),
    Way(kind="vsftpd"),
    Way(kind="vsftpd", is_active=True),
    Way(kind="vsftpd", host="::1"),
    Way(kind="vsftpd", security=IMPLICIT),
    Way(kind="vsftpd", security=EXPLICIT, at_most_tls12=True),
    Way(kind="vsftpd", security=EXPLICIT, is_active=True, host="::1"),
    Way(kind="proftpd"),
    Way(kind="proftpd", is_active=True),
    Way(kind="proftpd", security=EXPLICIT),
    Way(kind="proftpd", security=EXPLICIT, at_most_tls12=True),
    Way(kind="proftpd", security=EXPLICIT, is_active=True, at_most_tls12=True),
    Way(kind="pure-ftpd", security=EXPLICIT),
    Way(kind="pure-ftpd", security=EXPLICIT, at_most_tls12=True, is_active=True),
    Way(kind="pure-ftpd", security=EXPLICIT, host="::1"),
    Way(kind="pure-ftpd", is_active=True, host="::1"),
]


@pytest.fixture(scope="module", params=[pytest.param(way, id=way.name, marks=way.marks) for way in WAYS])
def real(request: pytest.FixtureRequest) -> Iterator[RealServer]:
    way: Way = request.param
    with STARTS[way.kind](way.security, *way.options, host=way.host) as running:
        server = replace(running.server, is_active=way.is_active, at_most_tls12=way.at_most_tls12)
        yield replace(running, server=server)


@pytest.fixture
def kept(real: RealServer) -> KeptUnderTest:
    for path in real.folder.iterdir():
        shutil.rmtree(path)
    folder = real.folder / "kept"
    folder.mkdir()
    folder.chmod(0o777)
    return kept_in(
        folder,
        store=FtpStore(real.server, f"{real.inside}/kept"),
        without_folder=FtpStore(real.server, f"{real.inside}/missing"),
        is_everybodys=True,
    )


class TestFtpStore(BackupStoreContract): ...


async def test_a_digest_is_had_where_the_server_offers_one(kept: KeptUnderTest, real: RealServer) -> None:
    await kept.placed("web.1", b"x")
    async with kept.store.connect() as place:
        digest = await place.sha256("web.1")
    settings = await asyncio.to_thread((real.folder.parents[1] / "proftpd.conf").exists)
    offers = settings and DIGEST in await asyncio.to_thread(
        (real.folder.parents[1] / "proftpd.conf").read_text
    )
    assert (digest is not None) == offers


async def test_a_server_that_is_spoken_to_meanwhile_takes_and_gives_its_files(
    kept: KeptUnderTest, real: RealServer
) -> None:
    content = some_bytes(3_000_000)
    talkative = replace(real.server, noop_seconds=0.001)
    async with FtpStore(talkative, f"{real.inside}/kept").connect() as place:
        for number in range(2):
            assert await place.send(in_chunks(content), f"web.{number}") == len(content)
            assert await whole(place, f"web.{number}") == content
    assert await kept.found() == {"web.0": content, "web.1": content}


@pytest.fixture
def full(real: RealServer) -> Iterator[FtpStore]:
    """A folder where little has room."""
    if (real.folder / "full").exists():
        (real.folder / "full").rmdir()
    with small_file_system(real.folder / "full", "64k") as folder:
        folder.chmod(0o777)
        yield FtpStore(real.server, f"{real.inside}/full")


async def test_a_full_disk_is_told_at_the_second_try_at_the_latest(full: FtpStore) -> None:
    """None of these servers says so: a write has failed, or the transfer was aborted."""
    content = some_bytes(1_000_000)
    async with full.connect() as place:
        with pytest.raises(StoreError) as caught:
            await place.send(in_chunks(content), "part")
        there = await place.size("part") or 0
        assert 0 < there < len(content)
        if caught.value.trouble is not Trouble.FULL:
            with pytest.raises(StoreError) as caught:
                await place.send(in_chunks(content[there:]), "part", from_offset=there)
        assert caught.value.trouble is Trouble.FULL
        assert await place.size("part") == there
