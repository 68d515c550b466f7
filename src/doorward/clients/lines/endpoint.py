"""Where a daemon is, read from a URL, and a connection to it."""

import os
import re
import socket
import struct
from dataclasses import dataclass, field

from doorward.clients.lines.trust import Trust
from doorward.core.errors import ConnectError

CONNECT_SECONDS = 10.0
"""How long a connection may take; see the limits of clients."""

_HOST_AND_PORT = re.compile(
    r"(?:\[(?P<six>[0-9A-Fa-f:.%a-z]+)\]|(?P<host>[^\[\]:/@?#\s]+)):(?P<port>[0-9]{1,5})/?"
)
_WITHOUT_SCHEME = re.compile(r"[^/\s]+:[0-9]{1,5}")
_SCHEMES_OF_HOSTS = ("tcp", "tls")
_LATER_SCHEMES = ("http", "https", "ssh")


@dataclass(frozen=True, slots=True)
class UnixEndpoint:
    """
    A socket of the file system.

    Attributes:
        url: as it was given.
        path: of the socket.
    """

    url: str
    path: str


@dataclass(frozen=True, slots=True)
class TcpEndpoint:
    """
    A host and a port, in plain text.

    Attributes:
        url: as it was given.
        host: a name, or an address without brackets.
        port: 1 to 65535.
    """

    url: str
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class TlsEndpoint:
    """
    A host and a port, over TLS.

    Attributes:
        url: as it was given.
        host: a name, or an address without brackets.
        port: 1 to 65535.
        trust: whom we take for that host.
    """

    url: str
    host: str
    port: int
    trust: Trust = field(default_factory=Trust)


Endpoint = UnixEndpoint | TcpEndpoint | TlsEndpoint


def parse_endpoint(url: str) -> Endpoint:
    """
    Read `unix://PATH`, `tcp://HOST:PORT` or `tls://HOST:PORT`; an IPv6 address stands in brackets.

    Raises:
        ConnectError: it is none of them.
    """
    scheme, separator, rest = url.partition("://")
    if separator and scheme == "unix" and rest and "\0" not in rest:
        return UnixEndpoint(url, rest)
    if separator and scheme in _SCHEMES_OF_HOSTS:
        match = _HOST_AND_PORT.fullmatch(rest)
        if match and 0 < int(match["port"]) < 65536:
            kind = TlsEndpoint if scheme == "tls" else TcpEndpoint
            return kind(url, match["six"] or match["host"], int(match["port"]))
    raise ConnectError(url, "connect", *_what_is_wrong(scheme if separator else "", url))


def _what_is_wrong(scheme: str, url: str) -> tuple[str, str]:
    if scheme in _LATER_SCHEMES:
        return (
            f"this version cannot ask over {scheme}",
            "Use unix://PATH, tcp://HOST:PORT or tls://HOST:PORT.",
        )
    if not scheme and url.startswith(("/", "./")):
        return "the scheme is missing", f"Write unix://{url}"
    if not scheme and _WITHOUT_SCHEME.fullmatch(url):
        return "the scheme is missing", f"Write tcp://{url}"
    if scheme in _SCHEMES_OF_HOSTS:
        example = f"{scheme}://[::1]:{'7023' if scheme == 'tls' else '7022'}"
        return "this is no host with a port", f"Write {scheme}://HOST:PORT, an IPv6 address as in {example}"
    return "this names no daemon", "Write unix://PATH, tcp://HOST:PORT or tls://HOST:PORT."


def connect(endpoint: Endpoint, *, within_seconds: float = CONNECT_SECONDS) -> socket.socket:
    """
    Reach `endpoint`; blocks for at most `within_seconds` an address, and while its name is resolved.

    Returns:
        A connected socket that does not block.

    Raises:
        ConnectError: nothing could be reached there.
    """
    try:
        if isinstance(endpoint, UnixEndpoint):
            connected = _connect_unix(endpoint.path, within_seconds)
        else:
            connected = socket.create_connection((endpoint.host, endpoint.port), timeout=within_seconds)
            _tune(connected)
    except (TimeoutError, BlockingIOError) as error:
        raise ConnectError(
            endpoint.url, "connect", f"no connection within {within_seconds:g} s", _next_step(endpoint, error)
        ) from error
    except (OSError, UnicodeError) as error:
        problem = _problem(endpoint, error)
        raise ConnectError(endpoint.url, "connect", problem, _next_step(endpoint, error)) from error
    connected.setblocking(False)
    return connected


def _connect_unix(path: str, within_seconds: float) -> socket.socket:
    connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        # one that does not block, as with a timeout of Python, is refused at once while the queue is full
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _timeval(within_seconds))
        connected.connect(path)
    except BaseException:
        connected.close()
        raise
    return connected


def _tune(connected: socket.socket) -> None:
    """Send at once, and notice within 90 s that the other end is gone while a long command says nothing."""
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (
        (socket.TCP_NODELAY, 1),
        (socket.TCP_KEEPIDLE, 60),
        (socket.TCP_KEEPINTVL, 10),
        (socket.TCP_KEEPCNT, 3),
    ):
        connected.setsockopt(socket.IPPROTO_TCP, option, value)


def _timeval(seconds: float) -> bytes:
    return struct.pack("ll", int(seconds), int(seconds % 1 * 1_000_000))


def _problem(endpoint: Endpoint, error: Exception) -> str:
    if isinstance(error, ConnectionRefusedError) and isinstance(endpoint, UnixEndpoint):
        return "the socket was left behind by a daemon that is gone"
    if isinstance(error, socket.gaierror):
        return f"the name cannot be resolved: {error.strerror}"
    strerror = getattr(error, "strerror", None)
    return strerror[0].lower() + strerror[1:] if strerror else str(error)


def _next_step(endpoint: Endpoint, error: Exception) -> str:
    match error:
        case socket.gaierror():
            return "Look at how the host is written."
        case ConnectionRefusedError() if isinstance(endpoint, UnixEndpoint):
            return "`doorward serve` starts one."
        case FileNotFoundError() | ConnectionRefusedError():
            return "Is the daemon running? `doorward serve` starts it."
        case PermissionError() if isinstance(endpoint, UnixEndpoint):
            return f"Who may enter {os.path.dirname(endpoint.path) or '.'}? Try as the daemon's user."
        case TimeoutError() | BlockingIOError():
            return "Is the host up, and does it let you through?"
        case _:
            return ""
