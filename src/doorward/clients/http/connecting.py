"""Connections for aiohttp to one server, which is trusted before anything is said to it."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import aiohttp
from aiohttp.client_proto import ResponseHandler

from doorward.clients._connecting import not_reached
from doorward.clients._endpoints import HttpEndpoint
from doorward.clients._reaching import connected_socket
from doorward.clients._tls import Distrusted, client_context, tls_error, words_of_error
from doorward.clients._trust import (
    CLOSED,
    PLAIN,
    Check,
    Trust,
    checks_of,
    words_of_distrust,
    words_of_failure,
)
from doorward.core.errors import ConnectError
from doorward.lines.tls import failure_of

if TYPE_CHECKING:
    from aiohttp import ClientRequest, ClientTimeout
    from aiohttp.tracing import Trace

REUSE_SECONDS = 2.0
"""After this long a silence another connection is made: the server may be about to close this one."""

_NO_TLS = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNEXPECTED_MESSAGE", "PACKET_LENGTH_TOO_LONG"})
_CUT = frozenset({"UNEXPECTED_EOF_WHILE_READING"})

Factory = Callable[[], ResponseHandler]


class Connector(aiohttp.BaseConnector):
    """
    Connects to one endpoint, whatever host a request is for.

    aiohttp's own knows one set of authorities and no order of checks, and tells connecting from a handshake
    by neither time nor error. No proxy is used.

    Args:
        endpoint: the server.
        within_seconds: for each connection, and again for each handshake.
    """

    def __init__(self, endpoint: HttpEndpoint, *, within_seconds: float) -> None:
        super().__init__(keepalive_timeout=REUSE_SECONDS)
        self._endpoint = endpoint
        self._within_seconds = within_seconds

    async def _create_connection(
        self,
        req: "ClientRequest",
        traces: "list[Trace]",
        timeout: "ClientTimeout",  # noqa: ASYNC109 - aiohttp's, which is told otherwise
    ) -> ResponseHandler:
        """Connect; raises ConnectError, which aiohttp lets through."""
        return await _reach(self._endpoint, self._factory, within_seconds=self._within_seconds)


async def _reach(endpoint: HttpEndpoint, factory: Factory, *, within_seconds: float) -> ResponseHandler:
    if endpoint.is_encrypted:
        return await _reach_trusted(endpoint, factory, within_seconds=within_seconds)
    connected = await _connect(endpoint, within_seconds=within_seconds)
    _, protocol = await asyncio.get_running_loop().create_connection(factory, sock=connected)
    return protocol


async def _reach_trusted(
    endpoint: HttpEndpoint, factory: Factory, *, within_seconds: float
) -> ResponseHandler:
    """As `lines.tls.connect_tls`: two connections where two checks may let it in, one more to tell."""
    distrusted = None
    shown: bytes | None = None
    for check in _checks_of(endpoint):
        try:
            return await _secured(endpoint, factory, check, within_seconds=within_seconds)
        except Distrusted as error:
            distrusted = error.failed or distrusted
            shown = error.certificate or shown
    shown = shown or await _look(endpoint, factory, within_seconds=within_seconds)
    raise tls_error(endpoint, words_of_distrust(endpoint.trust, distrusted, shown)) from distrusted


def _checks_of(endpoint: HttpEndpoint) -> tuple[Check, ...]:
    """Where a certificate of ours would go to a server before it is compared, somebody must vouch for it."""
    checks = checks_of(endpoint.trust, endpoint.host)
    if endpoint.trust.client_certificate is None:
        return checks
    if Check.BY_AUTHORITIES not in checks:
        problem = "over https a certificate to log in with is not shown to a server known by its fingerprint"
        step = "A web door takes a password or a token; for a proxy that wants it, use --ca."
        raise tls_error(endpoint, (problem, step))
    return (Check.BY_AUTHORITIES,)


async def _secured(
    endpoint: HttpEndpoint, factory: Factory, check: Check, *, within_seconds: float
) -> ResponseHandler:
    context = client_context(endpoint, check)
    connected = await _connect(endpoint, within_seconds=within_seconds)
    transport, protocol = await _shake_hands(
        endpoint, factory, connected, context, within_seconds=within_seconds
    )
    if check is Check.BY_ITSELF:
        certificate = transport.get_extra_info("ssl_object").getpeercert(binary_form=True)
        if not endpoint.trust.is_exactly_trusted(certificate):
            transport.abort()
            raise Distrusted(None, certificate)
    return protocol


async def _look(endpoint: HttpEndpoint, factory: Factory, *, within_seconds: float) -> bytes | None:
    """The certificate that the server shows to anybody; None when it does not show it again."""
    with contextlib.suppress(ConnectError):
        try:
            # who trusts nothing gets no further than this
            stranger = replace(endpoint, trust=Trust())
            await _secured(stranger, factory, Check.BY_ITSELF, within_seconds=within_seconds)
        except Distrusted as distrusted:
            return distrusted.certificate
    return None


async def _shake_hands(
    endpoint: HttpEndpoint,
    factory: Factory,
    connected: socket.socket,
    context: ssl.SSLContext,
    *,
    within_seconds: float,
) -> tuple[asyncio.Transport, ResponseHandler]:
    # the zone of a link-local address is a matter of this machine: RFC 6874 section 1
    name = endpoint.host.partition("%")[0]
    try:
        async with asyncio.timeout(within_seconds):
            return await asyncio.get_running_loop().create_connection(
                factory, sock=connected, ssl=context, server_hostname=name
            )
    except TimeoutError as error:
        words = f"no handshake within {within_seconds:g} s", "Does a door with TLS listen there?"
        raise tls_error(endpoint, words) from error
    except ssl.SSLCertVerificationError as error:
        raise Distrusted(failure_of(error), None) from error
    except ssl.SSLError as error:
        raise _no_handshake(endpoint, error) from error
    except ConnectionError as error:
        raise tls_error(endpoint, CLOSED) from error
    except OSError as error:
        raise tls_error(endpoint, (f"the connection was lost: {words_of_error(error)}", "")) from error
    except ValueError as error:
        raise tls_error(endpoint, (f"there is no TLS to be had with {name!r}: {error}", "")) from error


def _no_handshake(endpoint: HttpEndpoint, error: ssl.SSLError) -> ConnectError:
    if error.reason in _CUT:
        return tls_error(endpoint, CLOSED)
    if error.reason in _NO_TLS:
        return tls_error(endpoint, PLAIN)
    return tls_error(endpoint, words_of_failure(failure_of(error)))


async def _connect(endpoint: HttpEndpoint, *, within_seconds: float) -> socket.socket:
    """A connected socket that does not block, to the first of the host's addresses that takes one."""
    loop = asyncio.get_running_loop()
    problem: OSError | UnicodeError = OSError("it has no address")
    try:
        found = await loop.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise not_reached(endpoint, error, within_seconds=within_seconds) from error
    for family, _, _, _, address in found:
        try:
            async with asyncio.timeout(within_seconds):
                return await connected_socket((family, address))
        except OSError as error:
            problem = error
    raise not_reached(endpoint, problem, within_seconds=within_seconds) from problem
