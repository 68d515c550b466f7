"""Fetching, whatever the scheme: the client that an address needs is made when it is first asked for."""

from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Protocol, Self
from urllib.parse import quote

from doorward.clients.fetch.options import FetchOptions
from doorward.compose.transferring import transfer
from doorward.core.errors import ConnectError
from doorward.core.fetching import Fetched, FetchRequest, Head, Opened, Opener, fetched, without_login

if TYPE_CHECKING:
    from types import TracebackType

    from aiohttp.abc import AbstractCookieJar

SCHEMES = ("http", "https", "ftp", "ftpes", "ftps", "gopher", "file")

_HTTP = frozenset({"http", "https"})
_FTP = frozenset({"ftp", "ftpes", "ftps"})


class _Client(Opener, Protocol):
    async def close(self) -> None: ...


class FetchSession:
    """
    Fetches, and keeps connections for the next time. It belongs to one event loop; many tasks may share it.

    Args:
        options: for all of it.
        jar: keeps cookies; None for none.
    """

    def __init__(
        self, options: FetchOptions | None = None, *, jar: "AbstractCookieJar | None" = None
    ) -> None:
        self._options = options or FetchOptions()
        self._jar = jar
        self._clients: dict[str, _Client] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of all connections. Idempotent."""
        for client in self._clients.values():
            await client.close()

    async def fetch(self, request: FetchRequest) -> Fetched:
        """
        Fetch it, whole, into memory.

        Raises:
            ConnectError: it did not come; the text names the address, the phase and what to do.
        """
        sink = MemorySink()
        head = await transfer(self, request, sink)
        return fetched(head, bytes(sink.body))

    def open(self, request: FetchRequest) -> AbstractAsyncContextManager[Opened]:
        """
        Make the request once, and hand out the answer while its body is on its way.

        Raises:
            ConnectError: as the context is entered, or at once for an address that nobody can open.
        """
        scheme = request.url.partition(":")[0].lower()
        if scheme not in SCHEMES or "://" not in request.url:
            raise ConnectError(without_login(request.url), "address", *_unknown(request.url))
        if scheme not in _HTTP and (request.body is not None or request.verb != "GET"):
            problem = f"over {scheme} nothing can be sent, and only a body asked for"
            raise ConnectError(without_login(request.url), "address", problem)
        return self._client_for(scheme).open(request)

    def _client_for(self, scheme: str) -> _Client:
        kind = "http" if scheme in _HTTP else "ftp" if scheme in _FTP else scheme
        if kind not in self._clients:
            self._clients[kind] = self._new_client(kind)
        return self._clients[kind]

    def _new_client(self, kind: str) -> _Client:
        match kind:
            case "http":
                from doorward.clients.fetch.client import HttpClient

                return HttpClient(self._options, jar=self._jar)
            case "ftp":
                from doorward.compose.ftp_fetching import FtpOpener

                netrc = self._options.environment if self._options.uses_netrc else None
                return FtpOpener(authorities=self._options.authorities, netrc=netrc)
            case "gopher":
                from doorward.compose.gopher_fetching import GopherOpener

                return GopherOpener()
            case _:
                from doorward.clients.files import FileClient

                return FileClient()


class MemorySink:
    """Keeps a body in memory."""

    def __init__(self) -> None:
        self.body = bytearray()
        self.may_begin_anew = True

    @property
    def received_bytes(self) -> int:
        return len(self.body)

    async def begin(self, head: Head) -> bool:
        """As the port says; the page of an error is wanted too."""
        del self.body[head.from_bytes :]
        return True

    async def write(self, piece: bytes) -> None:
        self.body += piece


def _unknown(url: str) -> tuple[str, str]:
    if url.startswith((".", "/")) and not url.startswith("//"):
        path = quote(url, errors="surrogateescape") if url.startswith("/") else "/PATH, from the root"
        return "the scheme is missing", f"For a file of this machine write file://{path}"
    if "://" not in url:
        return "the scheme is missing", f"Write https://{without_login('//' + url)[2:]} or http://..."
    return "this scheme is not known", f"There are {', '.join(SCHEMES)}."
