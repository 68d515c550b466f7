"""The client against vsftpd and ProFTPD, which both want the session of TLS to be resumed for every file."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from doorward.clients._trust import Trust
from doorward.clients.ftp.client import FtpClient, logged_in, open_download
from doorward.clients.ftp.conversation import Conversation
from doorward.clients.ftp.settings import Security
from doorward.core.errors import ConnectError, NameTaken, PeerRefused
from doorward.core.secret import Secret
from tests.certificates import Written
from tests.clients.ftp.files import all_of, content, fetched, in_chunks
from tests.clients.ftp.servers import (
    PASSWORD,
    RealServer,
    needs_proftpd,
    needs_root,
    needs_vsftpd,
    proftpd_running,
    vsftpd_running,
)
from tests.plugins.soak import IS_SOAK

pytestmark = needs_root

MIB = 1024 * 1024
SMALL_FILES = 60 if IS_SOAK else 8
LARGE_BYTES = 40 * MIB if IS_SOAK else 4 * MIB

STARTS = {"vsftpd": vsftpd_running, "proftpd": proftpd_running}
MARKS = {"vsftpd": needs_vsftpd, "proftpd": needs_proftpd}


def on(*securities: Security, kinds: tuple[str, ...] = ("vsftpd", "proftpd")) -> pytest.MarkDecorator:
    """Run a test with servers of these kinds, each set up for each of these."""
    return pytest.mark.parametrize(
        "real",
        [
            pytest.param((kind, security), marks=MARKS[kind], id=f"{kind}-{security.value}")
            for kind in kinds
            for security in securities
        ],
        indirect=True,
    )


@pytest.fixture(scope="module")
def real(request: pytest.FixtureRequest) -> Iterator[RealServer]:
    kind, security = request.param
    with STARTS[kind](security) as server:
        yield server


@pytest.fixture
async def inside(real: RealServer) -> AsyncIterator[FtpClient]:
    """A client in the folder that may be written to, which is empty."""
    await asyncio.to_thread(_empty, real)
    async with logged_in(real.server) as client:
        await client.change_folder(real.inside)
        yield client


def _empty(real: RealServer) -> None:
    for path in real.folder.iterdir():
        path.rmdir() if path.is_dir() else path.unlink()


async def on_disk(real: RealServer, name: str) -> bytes:
    return await asyncio.to_thread((real.folder / name).read_bytes)


@pytest.mark.timeout(300)
@on(Security.EXPLICIT)
@pytest.mark.parametrize("at_most_tls12", [True, False], ids=["tls12", "tls13"])
async def test_many_small_files_and_a_large_one_go_and_come_whole(
    real: RealServer, *, at_most_tls12: bool
) -> None:
    await asyncio.to_thread(_empty, real)
    files = {f"small {number}": content(300_000, seed=number) for number in range(SMALL_FILES)}
    files["large"] = content(LARGE_BYTES)
    async with logged_in(replace(real.server, at_most_tls12=at_most_tls12)) as client:
        await client.change_folder(real.inside)
        for name, data in files.items():
            assert await client.store(name, in_chunks(data)) == len(data)
        for name, data in files.items():
            assert await fetched(client.download(name)) == data
        assert sorted(await client.names()) == sorted(files)
    assert await on_disk(real, "large") == files["large"]


@on(Security.EXPLICIT, kinds=("proftpd",))
@pytest.mark.parametrize("at_most_tls12", [True, False], ids=["tls12", "tls13"])
async def test_the_session_is_resumed_for_every_file(real: RealServer, *, at_most_tls12: bool) -> None:
    async with logged_in(replace(real.server, at_most_tls12=at_most_tls12)) as client:
        before = await asyncio.to_thread(real.log.read_text)
        for number in range(3):
            await client.store(f"{real.inside}/resumed {number}", in_chunks(b"x"))
    said = (await asyncio.to_thread(real.log.read_text))[len(before) :]
    assert said.count("client reused TLS session for data connection") == 3


@on(Security.EXPLICIT, Security.NONE)
async def test_a_file_is_published_under_its_name_once_it_is_whole(
    real: RealServer, inside: FtpClient
) -> None:
    data = content(200_000)
    size = await inside.publish(in_chunks(data), temporary=".web.17.part", name="web.17 é")
    assert size == len(data) == await inside.size("web.17 é")
    assert await inside.names() == ["web.17 é"]
    assert await on_disk(real, "web.17 é") == data
    modified_at = await inside.modified_at("web.17 é")
    assert modified_at is not None
    assert abs(datetime.now(UTC) - modified_at) < timedelta(hours=1)  # noqa: TID251 - the server's own clock


@on(Security.EXPLICIT, Security.NONE)
async def test_what_is_there_in_part_is_taken_up(real: RealServer, inside: FtpClient) -> None:
    data = content(300_000)
    assert await inside.store("part", in_chunks(data[:100_000])) == 100_000
    assert await inside.store("part", in_chunks(data[100_000:200_000]), offset=100_000) == 200_000
    assert await inside.append("part", in_chunks(data[200_000:])) == 300_000
    assert await on_disk(real, "part") == data
    assert await fetched(inside.download("part", offset=123_456)) == data[123_456:]
    assert await fetched(inside.download("part", offset=300_000)) == b""
    with pytest.raises(ConnectError, match="has 300000 bytes, and 300001 are there"):
        await fetched(inside.download("part", offset=300_001))


@on(Security.EXPLICIT)
async def test_an_empty_file_goes_and_comes(real: RealServer, inside: FtpClient) -> None:
    assert await inside.store("empty", in_chunks(b"")) == 0
    assert await fetched(inside.download("empty")) == b""
    assert await on_disk(real, "empty") == b""


@on(Security.EXPLICIT)
async def test_renaming_takes_no_name_that_a_file_or_a_folder_has(
    real: RealServer, inside: FtpClient
) -> None:
    await inside.store("old", in_chunks(b"old"))
    await inside.store("new", in_chunks(b"new"))
    await inside.make_folder("folder")
    for taken in ("new", "folder", f"{real.inside}/new"):
        with pytest.raises(NameTaken, match="is there already"):
            await inside.rename("old", taken)
    await inside.delete("new")
    await inside.rename("old", "new")
    assert sorted(await inside.names()) == ["folder", "new"]
    assert await on_disk(real, "new") == b"old"


@on(Security.EXPLICIT)
async def test_an_empty_folder_has_no_names_and_a_missing_one_is_an_error(inside: FtpClient) -> None:
    assert await inside.names() == []
    with pytest.raises(PeerRefused) as caught:
        await inside.change_folder("missing")
    assert caught.value.code == 550
    assert await inside.size("missing") is None
    for refused in (
        inside.delete("missing"),
        inside.rename("missing", "other"),
        fetched(inside.download("x")),
    ):
        with pytest.raises(PeerRefused) as caught:
            await refused
        assert caught.value.code == 550
    assert await inside.names() == []


@on(Security.EXPLICIT)
async def test_a_folder_is_no_file(inside: FtpClient) -> None:
    await inside.make_folder('a "quoted" folder')
    assert await inside.change_folder('a "quoted" folder') == '/in/a "quoted" folder'
    assert await inside.current_folder() == '/in/a "quoted" folder'
    await inside.change_folder("..")
    with pytest.raises(PeerRefused) as caught:
        await fetched(inside.download('a "quoted" folder'))
    assert caught.value.code == 550


@on(Security.EXPLICIT)
async def test_a_download_left_half_way_leaves_the_client_of_use(inside: FtpClient) -> None:
    data = content(4 * MIB)
    await inside.store("large", in_chunks(data))
    async with inside.download("large") as download:
        assert download.size == len(data)
        async for chunk in download:
            assert data.startswith(chunk)
            break
    assert await inside.current_folder() == "/in"
    assert await fetched(inside.download("large")) == data


@on(Security.IMPLICIT, kinds=("vsftpd",))
async def test_tls_from_the_first_byte_on(inside: FtpClient) -> None:
    data = content(100_000)
    await inside.store("file", in_chunks(data))
    assert await fetched(inside.download("file")) == data


@on(Security.EXPLICIT, Security.NONE)
async def test_one_file_is_fetched_by_one_call(real: RealServer, inside: FtpClient) -> None:
    data = content(50_000)
    await inside.store("file", in_chunks(data))
    async with open_download(real.server, f"{real.inside}/file", offset=10) as download:
        assert download.size == len(data)
        assert await all_of(download) == data[10:]
        assert download.received_bytes == len(data) - 10


@on(Security.EXPLICIT)
async def test_a_server_that_nobody_trusted_vouches_for_is_told_nothing(
    real: RealServer, localhost: Written
) -> None:
    stranger = replace(real.server, trust=Trust(authorities=localhost.file))
    with pytest.raises(ConnectError, match="TLS: the server's certificate is self-signed"):
        async with logged_in(stranger):
            pytest.fail("it is not trusted")


@on(Security.EXPLICIT)
async def test_a_fingerprint_alone_is_enough_and_a_wrong_one_is_not(real: RealServer) -> None:
    authorities = real.server.trust.authorities
    assert authorities is not None
    fingerprint = await asyncio.to_thread(lambda: Written(authorities, authorities).fingerprint)
    async with logged_in(replace(real.server, trust=Trust(fingerprint=fingerprint))) as client:
        assert await client.current_folder() == "/"
    with pytest.raises(ConnectError, match="another fingerprint"):
        async with logged_in(replace(real.server, trust=Trust(fingerprint="0" * 64))):
            pytest.fail("it is not trusted")


@on(Security.EXPLICIT)
async def test_a_server_that_wants_tls_lets_nobody_in_without(real: RealServer) -> None:
    with pytest.raises(PeerRefused) as caught:
        async with logged_in(replace(real.server, security=Security.NONE)):
            pytest.fail("it lets nobody in")
    assert caught.value.code in {530, 550}
    assert PASSWORD not in str(caught.value)


@on(Security.EXPLICIT, Security.NONE, kinds=("proftpd",))
async def test_a_wrong_password_is_refused_and_not_told(real: RealServer) -> None:
    with pytest.raises(PeerRefused) as caught:
        async with logged_in(replace(real.server, password=Secret("not this one"))):
            pytest.fail("it lets nobody in")
    assert (caught.value.code, caught.value.phase) == (530, "login")
    assert "not this one" not in str(caught.value)


@on(Security.EXPLICIT)
async def test_why_the_data_cannot_be_encrypted_is_told_in_the_words_of_the_server(
    inside: FtpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Conversation, "session", None)
    with pytest.raises(ConnectError, match=r"answered (425|522)\b"):
        await inside.store("file", in_chunks(b"x"))
    monkeypatch.undo()
    assert await inside.store("file", in_chunks(b"x")) == 1
