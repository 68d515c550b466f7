"""The client: a request, its redirects and its login, until there is the answer that was meant."""

import contextlib
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import aiohttp

from doorward.clients._in_time import in_time
from doorward.clients.fetch import logins
from doorward.clients.fetch.addresses import Address, read_address
from doorward.clients.fetch.answering import Answer
from doorward.clients.fetch.connections import new_context, new_session
from doorward.clients.fetch.failures import failure, proxy_refusal
from doorward.clients.fetch.options import FetchOptions
from doorward.clients.fetch.progress import Progress, follow
from doorward.clients.fetch.proxies import read_proxies
from doorward.clients.fetch.ranges import extent_of, is_unasked_part, range_headers
from doorward.clients.fetch.redirects import Hop, next_hop
from doorward.clients.fetch.sending import check_headers, upload
from doorward.clients.fetch.unpacking import ACCEPTED
from doorward.core.errors import ConnectError
from doorward.core.fetching import FetchRequest, Login
from doorward.core.secret import Secret

_DRAINED_BYTES = 64 * 1024
_MOST_LOGIN_TRIES = 2  # the second one for a challenge of Digest that says `stale`


class HttpClient:
    """
    Opens addresses of http and https. Its methods run on one loop; connections are kept for the next request.

    Args:
        options: for all requests.
        jar: keeps cookies; None for none.

    Raises:
        ConnectError: a proxy's address cannot be read.
    """

    def __init__(self, options: FetchOptions, *, jar: aiohttp.abc.AbstractCookieJar | None = None) -> None:
        self._options = options
        self._jar = jar
        self._session: aiohttp.ClientSession | None = None
        self._context: ssl.SSLContext | None = None
        self._netrc: logins.Netrc | None = None
        self._proxies = read_proxies(options.proxy, options.environment)

    async def close(self) -> None:
        """Let go of all connections. Idempotent."""
        if self._session is not None:
            await self._session.close()

    @asynccontextmanager
    async def open(self, request: FetchRequest) -> AsyncIterator[Answer]:
        """As the port says; `seconds` of `request` include what is done with the answer."""
        progress = Progress()
        follow(progress)
        address = read_address(request.url)
        time_of_all = in_time(
            request.seconds,
            address.shown,
            phase=lambda: progress.phase,
            next_step="--max-time gives it longer.",
        )
        async with time_of_all, AsyncExitStack() as stack:
            yield await self._ask(request, address, progress, stack)

    async def _ask(
        self, request: FetchRequest, address: Address, progress: Progress, stack: AsyncExitStack
    ) -> Answer:
        check_headers(address.shown, request.headers)
        hop = Hop(address, request)
        while True:
            response, proxy = await self._ask_with_login(hop, _login(hop, request, address), progress, stack)
            following = next_hop(hop, response.status, response.headers.get("Location", ""))
            if is_unasked_part(response.status, hop.request):
                problem = "the server sent a part, and was asked for the whole"
                raise ConnectError(hop.address.shown, "read", problem)
            if following is None:
                extent = extent_of(response.status, response.headers, hop.request)
                if extent is not None:
                    return Answer(response, hop.address, extent=extent, progress=progress, proxy=proxy)
                # it is another one by now than that of which a part is here
                following = replace(hop, request=replace(hop.request, from_bytes=0, validator=""))
            await _drain(response)
            hop = following

    async def _ask_with_login(
        self, hop: Hop, login: Login | None, progress: Progress, stack: AsyncExitStack
    ) -> tuple[aiohttp.ClientResponse, Address | None]:
        proxy = self._proxies.proxy_for(hop.address)
        if login is None and self._options.uses_netrc and hop.is_first_origin:
            login = await self._login_of_netrc(hop.address)
        if any(name.lower() == "authorization" for name in hop.request.headers):
            login = None
        shown = logins.bearer(hop.address, login, proxy) if login and login.is_token else None
        for _ in range(_MOST_LOGIN_TRIES):
            response = await self._send(hop, shown, proxy, progress)
            stack.callback(response.close)
            fields = response.headers.getall("WWW-Authenticate", [])
            if response.status != 401 or login is None or login.is_token or not _may_answer(fields, shown):
                return response, proxy
            answer = logins.answer_to(fields, hop, login, proxy)
            if answer is None:
                return response, proxy
            await _drain(response)
            shown = answer
        response = await self._send(hop, shown, proxy, progress)
        stack.callback(response.close)
        return response, proxy

    async def _send(
        self, hop: Hop, shown: Secret | None, proxy: Address | None, progress: Progress
    ) -> aiohttp.ClientResponse:
        session = self._session_of_loop()
        body = await upload(hop.address.shown, hop.request.body, progress)
        headers = _headers(hop.request) | dict(body.headers)
        if shown is not None:
            headers["Authorization"] = shown.revealed
        proxy_login = logins.basic(proxy.login) if proxy is not None and proxy.login is not None else None
        proxy_headers = {"Proxy-Authorization": proxy_login.revealed} if proxy_login else {}
        if not hop.address.is_encrypted:
            headers |= proxy_headers
        progress.begin(has_body=body.data is not None)
        try:
            response = await session.request(
                hop.request.verb,
                hop.address.url,
                headers=headers,
                data=body.data,
                allow_redirects=False,
                ssl=await self._context_for(hop.address, proxy),
                proxy=None if proxy is None else proxy.url,
                proxy_headers=proxy_headers,
                trace_request_ctx=progress,
            )
        except (aiohttp.ClientError, OSError) as error:
            raise failure(error, hop.address, progress, proxy) from error
        if response.status == 407 and proxy is not None:
            response.close()
            raise proxy_refusal(407, "", hop.address, proxy)
        return response

    def _session_of_loop(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = new_session(self._jar, silence_seconds=self._options.silence_seconds)
        return self._session

    async def _context_for(self, address: Address, proxy: Address | None) -> ssl.SSLContext | bool:
        if not (address.is_encrypted or (proxy is not None and proxy.is_encrypted)):
            return True
        if self._context is None:
            self._context = await new_context(self._options.authorities)
        return self._context

    async def _login_of_netrc(self, address: Address) -> Login | None:
        if self._netrc is None:
            self._netrc = await logins.read_netrc(logins.netrc_file(self._options.environment))
        return self._netrc.login_for(address.host)


def _login(hop: Hop, request: FetchRequest, address: Address) -> Login | None:
    """The caller's login, for the caller's server alone."""
    return (request.login or address.login) if hop.is_first_origin else None


def _may_answer(fields: list[str], shown: Secret | None) -> bool:
    """Whether a refusal is to be answered: the first one, or one for the age of what the first said."""
    return bool(fields) and (shown is None or "stale=true" in ",".join(fields).lower())


def _headers(request: FetchRequest) -> dict[str, str]:
    usual = {
        "User-Agent": "doorward",
        "Accept": "*/*",
        "Accept-Encoding": ACCEPTED if request.packed and not request.from_bytes else "identity",
    }
    given = {name.lower() for name in request.headers}
    headers = {name: value for name, value in usual.items() if name.lower() not in given}
    return headers | range_headers(request) | dict(request.headers)


async def _drain(response: aiohttp.ClientResponse) -> None:
    """Read a short rest, so that the connection can be used again; otherwise let go of it."""
    length = response.content_length
    if length is not None and length <= _DRAINED_BYTES:
        with contextlib.suppress(aiohttp.ClientError, OSError):
            await response.read()
    response.close()
