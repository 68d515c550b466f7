"""Files of servers of FTP, as any fetch has them: opened once, gone on with only while they are the same."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from doorward.clients._in_time import in_time
from doorward.clients._trust import Trust
from doorward.clients.fetch.logins import netrc_file, read_netrc
from doorward.clients.ftp.client import FtpClient, logged_in
from doorward.clients.ftp.downloads import Download
from doorward.clients.ftp.settings import ANONYMOUS, Deadlines, FtpServer
from doorward.clients.ftp.urls import FtpLocation, parse_ftp_url
from doorward.compose.interruptions import interrupting
from doorward.core.errors import ConnectError
from doorward.core.fetching import FetchRequest, Head, Login, without_login
from doorward.core.secret import Secret

_MORE_SECONDS = 10.0  # the time of the whole fetch ends first, and says so


@dataclass(frozen=True, slots=True)
class _OpenFile:
    head: Head
    download: Download

    async def pieces(self) -> AsyncIterator[bytes]:
        """As the port says."""
        with interrupting():
            async for piece in self.download:
                yield piece


class FtpOpener:
    """
    Opens files of servers of FTP.

    Args:
        authorities: a PEM file of the only certificates that may vouch for a server; None for the system's.
        netrc: the environment by which a file of logins is found; None for no such file.
    """

    def __init__(self, *, authorities: Path | None, netrc: Mapping[str, str] | None) -> None:
        self._authorities = authorities
        self._netrc = netrc

    async def close(self) -> None:
        """No connection is kept."""

    @asynccontextmanager
    async def open(self, request: FetchRequest) -> AsyncIterator[_OpenFile]:
        """As the port says."""
        location = await self._location(request)
        shown = without_login(request.url)
        async with in_time(request.seconds, shown), AsyncExitStack() as stack:
            # what is done with the answer fails for reasons of its own
            with interrupting():
                client = await stack.enter_async_context(logged_in(location.server))
                offset = await _begin_at(client, location.path, request)
                begun = client.download(location.path, offset=offset)
                download = await stack.enter_async_context(begun)
            yield _OpenFile(_head(shown, download), download)

    async def _location(self, request: FetchRequest) -> FtpLocation:
        url, login = _split_login(request.url)
        location = parse_ftp_url(url)
        login = request.login or login
        if login is None and self._netrc is not None and location.server.user == ANONYMOUS:
            login = (await read_netrc(netrc_file(self._netrc))).login_for(location.server.host)
        return replace(location, server=self._server(location.server, login, request))

    def _server(self, server: FtpServer, login: Login | None, request: FetchRequest) -> FtpServer:
        if login is not None and login.is_token:
            raise ConnectError(server.url, "login", "a token is no login of FTP", "Use --user NAME.")
        server = replace(
            server,
            trust=Trust(authorities=self._authorities),
            deadlines=Deadlines(total_seconds=request.seconds + _MORE_SECONDS),
        )
        if login is None:
            return server
        return replace(
            server, user=login.name, password=login.secret, may_be_overheard=login.may_be_overheard
        )


def _split_login(url: str) -> tuple[str, Login | None]:
    """`url` without its password, and who logs in with it."""
    try:
        parts = urlsplit(url)
        name, password = parts.username, parts.password
    except ValueError:
        return url, None  # told by whoever reads it
    if name is None or password is None:
        return url, None
    bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    return bare, Login(name=unquote(name), secret=Secret(unquote(password)))


async def _begin_at(client: FtpClient, path: str, request: FetchRequest) -> int:
    """Where to begin: where it broke off, if the file is still the one that it was."""
    if not (request.from_bytes and request.validator):
        return 0
    now = _validator(await client.size(path), await client.modified_at(path))
    return request.from_bytes if now == request.validator else 0


def _validator(size: int | None, modified_at: datetime | None) -> str:
    """By what the rest can be asked for later; empty when it cannot."""
    return f"{size}-{modified_at:%Y%m%d%H%M%S}" if size is not None and modified_at else ""


def _head(shown: str, download: Download) -> Head:
    return Head(
        url=shown,
        status=206 if download.offset else 200,
        from_bytes=download.offset,
        size=download.size,
        validator=_validator(download.size, download.modified_at),
    )
