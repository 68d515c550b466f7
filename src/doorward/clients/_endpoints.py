"""Where a daemon is, read from a URL."""

import re
from dataclasses import dataclass, field

from doorward.clients._trust import Trust, is_this_machine
from doorward.core.errors import ConnectError

CONNECT_SECONDS = 10.0
"""How long a connection may take; see the limits of clients."""

_HOST_AND_PORT = re.compile(
    r"(?:\[(?P<six>[0-9A-Fa-f:.%a-z]+)\]|(?P<host>[^\[\]:/@?#\s]+))(?::(?P<port>[0-9]{1,5}))?/?"
)
_USER_INFO = re.compile(r"^([a-z]+://)[^/?#\s]*@")
_WITHOUT_SCHEME = re.compile(r"[^/\s]+:[0-9]{1,5}")
_EXAMPLE_PORTS = {"tcp": 7022, "tls": 7023, "http": 7024, "https": 7024}
_USUAL_PORTS = {"http": 80, "https": 443}
_LATER_SCHEMES = ("ssh",)
_URLS = "Use unix://PATH, tcp://HOST:PORT, tls://HOST:PORT, http://HOST:PORT or https://HOST:PORT."


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


@dataclass(frozen=True, slots=True)
class HttpEndpoint:
    """
    A host and a port that speak HTTP.

    Attributes:
        url: as it was given.
        host: a name, or an address without brackets.
        port: 1 to 65535.
        is_encrypted: over TLS.
        trust: whom we take for that host, over TLS.
    """

    url: str
    host: str
    port: int
    is_encrypted: bool
    trust: Trust = field(default_factory=Trust)

    @property
    def is_confidential(self) -> bool:
        """Whether nobody in between reads what is said: it is encrypted, or does not leave this machine."""
        return self.is_encrypted or is_this_machine(self.host)


LineEndpoint = UnixEndpoint | TcpEndpoint | TlsEndpoint
"""Those at which the line protocol is spoken."""

Endpoint = LineEndpoint | HttpEndpoint


def parse_endpoint(url: str) -> Endpoint:
    """
    Read `unix://PATH`, `tcp://HOST:PORT`, `tls://HOST:PORT`, `http://HOST[:PORT]` or `https://HOST[:PORT]`.

    An IPv6 address stands in brackets.

    Raises:
        ConnectError: it is none of them.
    """
    scheme, separator, rest = url.partition("://")
    if separator and scheme == "unix" and rest and "\0" not in rest:
        return UnixEndpoint(url, rest)
    if separator and scheme in _EXAMPLE_PORTS and (match := _HOST_AND_PORT.fullmatch(rest)):
        port = int(match["port"] or _USUAL_PORTS.get(scheme, 0))
        if 0 < port < 65536:
            return _host_endpoint(scheme, url, match["six"] or match["host"], port)
    raise ConnectError(url_to_show(url), "connect", *_what_is_wrong(scheme if separator else "", url))


def _host_endpoint(scheme: str, url: str, host: str, port: int) -> Endpoint:
    match scheme:
        case "tcp":
            return TcpEndpoint(url, host, port)
        case "tls":
            return TlsEndpoint(url, host, port)
        case _:
            return HttpEndpoint(url, host, port, is_encrypted=scheme == "https")


def url_to_show(url: str) -> str:
    """`url` without a name and a password, which somebody may have written into it."""
    return _USER_INFO.sub(r"\1", url)


def _what_is_wrong(scheme: str, url: str) -> tuple[str, str]:
    if scheme in _LATER_SCHEMES:
        return f"this version cannot ask over {scheme}", _URLS
    if not scheme and url.startswith(("/", "./")):
        return "the scheme is missing", f"Write unix://{url}"
    if not scheme and _WITHOUT_SCHEME.fullmatch(url):
        return "the scheme is missing", f"Write tcp://{url}"
    if scheme in _EXAMPLE_PORTS and _USER_INFO.match(url):
        return "a name and a password do not belong in a URL, which others may read", "Use --user NAME."
    if scheme in _USUAL_PORTS:
        example = f"{scheme}://[::1]:{_EXAMPLE_PORTS[scheme]}"
        return (
            "this is no host, with a port or without one",
            f"Write {scheme}://HOST:PORT without a path, an IPv6 address as in {example}",
        )
    if scheme in _EXAMPLE_PORTS:
        example = f"{scheme}://[::1]:{_EXAMPLE_PORTS[scheme]}"
        return "this is no host with a port", f"Write {scheme}://HOST:PORT, an IPv6 address as in {example}"
    return "this names no daemon", _URLS
