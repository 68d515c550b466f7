"""Gopher: a selector goes out, and what stands there comes back until the server closes. RFC 1436."""

import asyncio
import contextlib
import os
import re
import socket
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes, urlsplit

from doorward.clients._endpoints import CONNECT_SECONDS, url_to_show
from doorward.core.errors import ConnectError
from doorward.core.units import KIB, MIB

PORT = 70

SELECTOR_BYTES = 1024
"""RFC 1436 section 2 asks for less than 255 characters; searches are longer."""

_READ_BYTES = 64 * KIB
_NEVER = re.compile(rb"[\r\n\0]")


@dataclass(frozen=True, slots=True, kw_only=True)
class GopherItem:
    """
    Something at a server.

    Attributes:
        url: for people.
        host: a name, or an address without brackets.
        port: 1 to 65535.
        kind: the one character that says what it is: `0` a text, `1` a menu, `7` a search, `9` a file.
        selector: what is sent, at most `SELECTOR_BYTES` without a line end; the words of a search stand after
            a tab.
    """

    url: str
    host: str
    port: int
    kind: str
    selector: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class GopherBounds:
    """
    How much may come, and how long it may take.

    Attributes:
        most_bytes: of an answer.
        connect_seconds: for the connection.
        data_seconds: until the next bytes.
        total_seconds: for all.
    """

    most_bytes: int = 64 * MIB
    connect_seconds: float = CONNECT_SECONDS
    data_seconds: float = 30.0
    total_seconds: float = 600.0


def parse_gopher_url(url: str) -> GopherItem:
    """
    Read `gopher://HOST[:PORT]/KINDSELECTOR`, with nothing after the host for the first menu: RFC 4266.

    Raises:
        ConnectError: it is none, or a CR, LF or NUL stands in it.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", PORT if parts.port is None else parts.port
    except ValueError as error:
        raise _bad(url, str(error)) from error
    if parts.scheme != "gopher" or not host or parts.username is not None or port == 0:
        raise _bad(url, "this is no address of something at a server of Gopher")
    # to a selector this is a character like others
    asked = f"?{parts.query}" if parts.query else ""
    path = unquote_to_bytes(parts.path.removeprefix("/") + asked)
    kind, selector = (path[:1] or b"1").decode("latin-1"), path[1:]
    if _NEVER.search(path) or len(selector) > SELECTOR_BYTES:
        raise _bad(url, f"a line end or a NUL stands in it, or more than {SELECTOR_BYTES} bytes")
    return GopherItem(url=url_to_show(url), host=host, port=port, kind=kind, selector=selector)


async def read_item(item: GopherItem, bounds: GopherBounds | None = None) -> AsyncGenerator[bytes, None]:
    """
    Yield what stands there, as it comes and as it is; a menu is one too, and nothing is taken off its end.

    The protocol has no length: whoever cuts the connection ends the answer, and nobody can tell. Whoever
    leaves early closes the iterator (`contextlib.aclosing`), and with it the connection.

    Raises:
        ConnectError: it could not be reached, took too long, or is longer than it may be.
    """
    bounds = bounds or GopherBounds()
    ends_at = asyncio.get_running_loop().time() + bounds.total_seconds
    async with _told(item, "connect", bounds.connect_seconds, ends_at):
        reader, writer = await asyncio.open_connection(item.host, item.port, limit=_READ_BYTES)
    try:
        async with _told(item, "send", bounds.data_seconds, ends_at):
            writer.write(item.selector + b"\r\n")
            await writer.drain()
        received_bytes = 0
        while chunk := await _next(reader, item, bounds, ends_at):
            received_bytes += len(chunk)
            if received_bytes > bounds.most_bytes:
                raise ConnectError(item.url, "read", f"more than {bounds.most_bytes} bytes came")
            yield chunk
    finally:
        writer.transport.abort()


async def _next(
    reader: asyncio.StreamReader, item: GopherItem, bounds: GopherBounds, ends_at: float
) -> bytes:
    async with _told(item, "read", bounds.data_seconds, ends_at):
        return await reader.read(_READ_BYTES)


@contextlib.asynccontextmanager
async def _told(item: GopherItem, phase: str, within_seconds: float, ends_at: float) -> AsyncIterator[None]:
    now = asyncio.get_running_loop().time()
    try:
        async with asyncio.timeout_at(min(now + within_seconds, ends_at)):
            yield
    except TimeoutError as error:
        seconds = max(0, min(within_seconds, ends_at - now))
        raise ConnectError(item.url, phase, *_too_slow(phase, seconds)) from error
    except OSError as error:
        raise ConnectError(item.url, phase, *_what_failed(error)) from error
    except UnicodeError as error:
        raise _bad(item.url, "this cannot be the name of a host") from error


def _too_slow(phase: str, seconds: float) -> tuple[str, str]:
    if phase == "connect":
        return f"no connection within {seconds:.3g} s", "Is the host up, and does it let you through?"
    return f"nothing came within {seconds:.3g} s", "Try again later."


def _what_failed(error: OSError) -> tuple[str, str]:
    """What to say, and what to do next; asyncio says it longer, and of many addresses without a number."""
    if isinstance(error, socket.gaierror):
        return f"the name cannot be resolved: {error.strerror}", "Look at how the host is written."
    if isinstance(error, ConnectionRefusedError):
        return "connection refused", "Is a server running at that port?"
    if error.errno is None:
        return "none of the host's addresses takes a connection", "Is a server running at that port?"
    said = os.strerror(error.errno)
    return said[:1].lower() + said[1:], "Is the host up, and does it let you through?"


def _bad(url: str, problem: str) -> ConnectError:
    return ConnectError(url_to_show(url), "connect", problem, "Write gopher://HOST/0SELECTOR.")
