"""What aiohttp connects with: both address families at once, certificates that are checked, bounded waits."""

import asyncio
import ssl
from pathlib import Path

import aiohttp

from doorward.clients._tls import trust_file, words_of_error
from doorward.clients.fetch.progress import WatchedContext, phase_tracing
from doorward.core.errors import ConnectError

CONNECT_SECONDS = 20.0
"""For all addresses of a host together, and for the handshake with it."""

MOST_CONNECTIONS = 100
MOST_CONNECTIONS_A_HOST = 32

_HEADER_LINE_BYTES = 16 * 1024
_HEADERS = 200
_OTHER_FAMILY_AFTER_SECONDS = 0.25  # RFC 8305 section 8
_READ_BYTES = 128 * 1024


def new_session(
    jar: aiohttp.abc.AbstractCookieJar | None, *, silence_seconds: float
) -> aiohttp.ClientSession:
    """A session that decides nothing by itself; belongs to the running loop."""
    connector = aiohttp.TCPConnector(
        limit=MOST_CONNECTIONS,
        limit_per_host=MOST_CONNECTIONS_A_HOST,
        happy_eyeballs_delay=_OTHER_FAMILY_AFTER_SECONDS,
        use_dns_cache=False,
    )
    session = aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar() if jar is None else jar,
        auto_decompress=False,
        trust_env=False,
        max_line_size=_HEADER_LINE_BYTES,
        max_field_size=_HEADER_LINE_BYTES,
        max_headers=_HEADERS,
        read_bufsize=_READ_BYTES,
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=silence_seconds),
        trace_configs=[phase_tracing()],
        skip_auto_headers=("User-Agent",),
    )
    # it would ask once more by itself where a kept connection is closed; another try is decided elsewhere
    session._retry_connection = False  # noqa: SLF001 - there is no parameter for it; a test would notice
    return session


async def new_context(authorities: Path | None) -> ssl.SSLContext:
    """
    What handshakes go by: the system's authorities, or those of a file alone.

    Raises:
        ConnectError: the file cannot be used.
    """
    return await asyncio.to_thread(_new_context, authorities)


def _new_context(authorities: Path | None) -> ssl.SSLContext:
    context = WatchedContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    if authorities is None:
        context.load_default_certs()
        return context
    try:
        trust_file(context, authorities)
    except OSError as error:
        problem = f"it holds no certificates to trust: {words_of_error(error)}"
        raise ConnectError(str(authorities), "TLS", problem) from error
    return context
