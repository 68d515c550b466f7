"""A server repeats the password that it was told: no error tells it on, not even in part."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from hashlib import sha256

import asyncssh
import pytest

from doorward.clients._endpoints import SshEndpoint, SshIdentity
from doorward.clients.ftp.settings import FtpServer
from doorward.clients.ftp.store import FtpStore
from doorward.clients.ssh.sftp.login import SftpServer
from doorward.clients.ssh.sftp.store import SftpStore
from doorward.core.backup_store import StoreError
from doorward.core.secret import REDACTED, Secret
from tests.clients.ftp.faults import FaultyServer, Login, faulty_server, send_data

PASSWORD = "öpen  sesame it's hidden"
SAID = ("bad password {}", "{}", "x" * 190 + "{}", "é{}{}")


class Asking(asyncssh.SSHServer):
    """Takes the password."""

    def __init__(self, said: str) -> None:
        self.said = said

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return password == PASSWORD


class Ending(Asking):
    """Repeats it in place of an answer to the login."""

    def validate_password(self, username: str, password: str) -> bool:
        raise asyncssh.DisconnectError(asyncssh.DISC_BY_APPLICATION, self.said)


class WithoutFiles(Asking):
    """Repeats it in place of a channel for files."""

    def session_requested(self) -> bool:
        raise asyncssh.ChannelOpenError(asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED, self.said)


@asynccontextmanager
async def store_of(said: str, kind: Callable[[str], Asking]) -> AsyncIterator[SftpStore]:
    """Yield a folder at a server of this kind."""
    logging.getLogger("asyncssh").setLevel(logging.CRITICAL + 1)
    key = asyncssh.generate_private_key("ssh-ed25519")

    class Files(asyncssh.SFTPServer):
        """Repeats it to whoever asks for a list."""

        def stat(self, path: bytes) -> asyncssh.SFTPAttrs:
            return asyncssh.SFTPAttrs(type=asyncssh.FILEXFER_TYPE_DIRECTORY, permissions=0o40755)

        async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
            if said:
                raise asyncssh.SFTPFailure(said)
            yield asyncssh.SFTPName(path)

    listener = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_factory=lambda: kind(said),
        server_host_keys=[key],
        sftp_factory=None if kind is WithoutFiles else Files,
    )
    endpoint = SshEndpoint(
        "sftp://127.0.0.1",
        "127.0.0.1",
        listener.get_port(),
        SshIdentity(user="alice"),
        fingerprint=sha256(key.public_data).hexdigest(),
    )
    try:
        yield SftpStore(SftpServer(endpoint=endpoint, password=Secret(PASSWORD), connect_seconds=60), "/")
    finally:
        listener.close()
        await listener.wait_closed()
        # the server hears the end of its connections
        if left := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(left, timeout=30)


def is_told(error: StoreError) -> bool:
    """Whether anything of the password is in `error`, be it its beginning or its end."""
    return any(part in repr(error) or part in str(error) for part in (PASSWORD[:4], "sesame", "hidden"))


@pytest.mark.parametrize("kind", [Asking, Ending, WithoutFiles])
@pytest.mark.parametrize("said", SAID)
async def test_sftp_tells_no_password_that_the_server_repeats(
    said: str, kind: Callable[[str], Asking]
) -> None:
    async with store_of(said.format(PASSWORD, PASSWORD), kind) as store:
        with pytest.raises(StoreError) as caught:
            async with store.connect() as place:
                await place.listing()
    assert REDACTED in str(caught.value)
    assert not is_told(caught.value)


# FTP


@pytest.fixture
async def faulty() -> AsyncIterator[FaultyServer]:
    async with faulty_server() as server:
        server.says("FEAT", "211-Can do", " MLST type*;size*;", "211 End")
        yield server


def store_at(faulty: FaultyServer) -> FtpStore:
    server: FtpServer = replace(faulty.server(), user="alice", password=Secret(PASSWORD))
    return FtpStore(server, "folder")


@pytest.mark.parametrize("said", ["{}", "x" * 75 + "{}", "x" * 185 + "{}", "x" * 30 + "{}{}"])
@pytest.mark.parametrize("verb", ["PWD", "SIZE", "CWD", "TYPE", "no reply"])
async def test_ftp_tells_no_password_that_the_server_repeats(
    faulty: FaultyServer, verb: str, said: str
) -> None:
    code = {"PWD": "257 ", "SIZE": "213 ", "CWD": "550 ", "TYPE": "500 "}.get(verb, "")
    faulty.says(verb if code else "CWD", f"{code}{said.format(PASSWORD, PASSWORD)}")
    with pytest.raises(StoreError) as caught:
        async with store_at(faulty).connect() as place:
            await place.size("web.1")
    assert not is_told(caught.value)
    assert "xxx" in str(caught.value) or REDACTED in str(caught.value)


@pytest.mark.parametrize("line", ["{}", "size=1;{}", "x" * 75 + "{}", "type" * 20_000 + "{}"])
async def test_ftp_tells_no_password_that_stands_in_a_list(faulty: FaultyServer, line: str) -> None:
    async def listed(login: Login, _argument: str) -> None:
        await send_data(login, f"{line.format(PASSWORD)}\r\n".encode())
        await login.say("226 these")

    faulty.instead["MLSD"] = listed
    async with store_at(faulty).connect() as place:
        with pytest.raises(StoreError, match="no line of a list of files") as caught:
            await place.listing()
    assert not is_told(caught.value)


async def test_ftp_tells_no_password_as_a_name_that_no_file_of_ours_has(faulty: FaultyServer) -> None:
    async def listed(login: Login, _argument: str) -> None:
        await send_data(login, f"type=file;size=1; a/{PASSWORD}\r\n".encode())
        await login.say("226 these")

    faulty.instead["MLSD"] = listed
    async with store_at(faulty).connect() as place:
        assert (await place.listing()).passed_over == (f"a/{REDACTED}",)
