"""Where a daemon is, read from a URL."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from doorward.clients._trust import Trust
from doorward.core.addresses import is_this_machine
from doorward.core.errors import ConnectError

CONNECT_SECONDS = 10.0
"""How long a connection may take; see the limits of clients."""

_HOST_AND_PORT = re.compile(
    r"(?:\[(?P<six>[0-9A-Fa-f:.%a-z]+)\]|(?P<host>[^\[\]:/@?#\s]+))(?::(?P<port>[0-9]{1,5}))?/?"
)
_USER_INFO = re.compile(r"^([a-z]+://)[^/?#\s]*@")
_WITHOUT_SCHEME = re.compile(r"[^/\s]+:[0-9]{1,5}")
_SSH_USER = re.compile(r"(?P<user>[^\s:@/?#]+)@(?P<rest>.*)")
_EXAMPLE_PORTS = {"tcp": 7022, "tls": 7023, "http": 7024, "https": 7024, "ssh": 7025}
_USUAL_PORTS = {"http": 80, "https": 443}
_URLS = "Use unix://PATH or tcp, tls, http, https or ssh://HOST:PORT."


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


@dataclass(frozen=True, slots=True, kw_only=True)
class SshIdentity:
    """
    Whom a client says that it is, over SSH.

    Attributes:
        user: to log in as; empty for what the configuration says, or else `local_user`.
        local_user: who calls; empty when that is not known.
        key_file: the only key to show; None for those of `folder` and of the agent.
        agent: the socket of an agent; empty for none.
        folder: where the user's configuration, keys and known hosts stand; None for nowhere.
    """

    user: str = ""
    local_user: str = ""
    key_file: Path | None = None
    agent: str = ""
    folder: Path | None = None


@dataclass(frozen=True, slots=True)
class SshEndpoint:
    """
    A host and a port that speak SSH: a daemon's, or those of any other server.

    Attributes:
        url: as it was given.
        host: a name, or an address without brackets; the configuration of SSH may know it by another one.
        port: 1 to 65535; 0 for what the configuration of SSH says, or else 22.
        identity: who asks there.
        fingerprint: SHA-256 of the only host key that is believed, as 64 hexadecimal digits; empty for none.
        own: host keys of daemons of this machine, a line each as ssh-keygen writes it; believed for any name.
    """

    url: str
    host: str
    port: int
    identity: SshIdentity = field(default_factory=SshIdentity)
    fingerprint: str = ""
    own: tuple[bytes, ...] = ()


LineEndpoint = UnixEndpoint | TcpEndpoint | TlsEndpoint
"""Those at which the line protocol is spoken."""

Endpoint = LineEndpoint | HttpEndpoint | SshEndpoint


def parse_endpoint(url: str) -> Endpoint:
    """
    Read `unix://PATH`, `tcp://HOST:PORT`, `tls://HOST:PORT`, `http[s]://HOST[:PORT]` or `ssh://[USER@]HOST[:PORT]`.

    An IPv6 address stands in brackets.

    Raises:
        ConnectError: it is none of them.
    """
    scheme, separator, rest = url.partition("://")
    if separator and scheme == "unix" and rest and "\0" not in rest:
        return UnixEndpoint(url, rest)
    if separator and scheme == "ssh" and (endpoint := _ssh_endpoint(url, rest)) is not None:
        return endpoint
    if (
        separator
        and scheme in _EXAMPLE_PORTS
        and scheme != "ssh"
        and (found := host_and_port(rest)) is not None
    ):
        host, port = found
        port = _USUAL_PORTS.get(scheme, 0) if port is None else port
        if 0 < port < 65536:
            return _host_endpoint(scheme, url, host, port)
    raise ConnectError(url_to_show(url), "connect", *_what_is_wrong(scheme if separator else "", url))


def host_and_port(text: str) -> tuple[str, int | None] | None:
    """
    Read `HOST`, `HOST:PORT`, `[ADDRESS]` or `[ADDRESS]:PORT`.

    Returns:
        The host, without brackets, and the port, 0 to 99999, None where there is none; None for all else.
    """
    match = _HOST_AND_PORT.fullmatch(text)
    if match is None:
        return None
    return match["six"] or match["host"], int(match["port"]) if match["port"] else None


def _host_endpoint(scheme: str, url: str, host: str, port: int) -> Endpoint:
    match scheme:
        case "tcp":
            return TcpEndpoint(url, host, port)
        case "tls":
            return TlsEndpoint(url, host, port)
        case _:
            return HttpEndpoint(url, host, port, is_encrypted=scheme == "https")


def _ssh_endpoint(url: str, rest: str) -> SshEndpoint | None:
    named = _SSH_USER.fullmatch(rest)
    found = host_and_port(named["rest"] if named else rest)
    if found is None:
        return None
    host, port = found
    if host.startswith("-") or (port is not None and not 0 < port < 65536):
        return None
    identity = SshIdentity(user=named["user"] if named else "")
    return SshEndpoint(url, host, port or 0, identity)


def url_to_show(url: str) -> str:
    """`url` without a name and a password, which somebody may have written into it."""
    return _USER_INFO.sub(r"\1", url)


def _what_is_wrong(scheme: str, url: str) -> tuple[str, str]:
    if not scheme and url.startswith(("/", "./")):
        return "the scheme is missing", f"Write unix://{url}"
    if not scheme and _WITHOUT_SCHEME.fullmatch(url):
        return "the scheme is missing", f"Write tcp://{url}"
    if scheme == "ssh":
        if _USER_INFO.match(url):
            return (
                "before the @ a name stands, and no password, which others may read",
                "A prompt asks for it.",
            )
        return (
            "this is no host, with a name and a port or without",
            "Write ssh://USER@HOST:PORT without a path, an IPv6 address as in ssh://[::1]:7025",
        )
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
