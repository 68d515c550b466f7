"""With whom a conversation is, how it is encrypted, and how long it may take."""

import enum
import re
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from pathlib import Path

from doorward.clients._endpoints import CONNECT_SECONDS, TlsEndpoint, host_and_port
from doorward.clients._trust import Trust
from doorward.clients.talk.starttls import PROTOCOLS, USUAL_PORTS
from doorward.clients.talk.telnet import TelnetMode, mode_for
from doorward.core.addresses import is_this_machine
from doorward.core.errors import ConnectError
from doorward.core.talking import MOST_SECONDS, WINDOW_CHARACTERS

_SCHEME = re.compile(r"^(?:tcp|tls)://")
_WITH_PORT = re.compile(r"(?P<six>[0-9A-Fa-f:.]+):(?P<port>[1-9][0-9]{0,4})")


class Security(enum.Enum):
    """How a conversation is encrypted; those not named here begin it with a command, as in `PROTOCOLS`."""

    NONE = ""
    TLS = "tls"
    """From the first byte on."""
    SMTP = "smtp"
    IMAP = "imap"
    POP3 = "pop3"
    FTP = "ftp"

    @property
    def protocol(self) -> str:
        """The one whose command begins TLS; empty for none."""
        return self.value if self.value in PROTOCOLS else ""


@dataclass(frozen=True, slots=True)
class TcpPlace:
    """
    A host and a port.

    Attributes:
        host: a name, or an address without brackets.
        port: 1 to 65535.
    """

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class UnixPlace:
    """
    A socket of the file system.

    Attributes:
        path: of it.
    """

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkSettings:
    """
    A conversation that is to be had.

    Attributes:
        address: as it was given, for people.
        place: where the peer is.
        security: how it is encrypted.
        trust: whom we take for the peer, over TLS.
        server_name: whom its certificate is to be for; empty for the host of `place`.
        is_checked: whether a certificate has to be trusted at all.
        may_be_overheard: a secret may go where others read it, or to whoever is there.
        line_end: what ends a line that is sent; empty for CR LF over the network, and for LF on a socket of
            the file system.
        telnet: whether the peer speaks Telnet.
        connect_seconds: for a connection, all addresses of a host together, and again for a handshake.
        seconds: for all of it; None for no end.
        window_characters: how long a match may be, to be surely found.
    """

    address: str
    place: TcpPlace | UnixPlace
    security: Security = Security.NONE
    trust: Trust = field(default_factory=Trust)
    server_name: str = ""
    is_checked: bool = True
    may_be_overheard: bool = False
    line_end: str = ""
    telnet: TelnetMode = TelnetMode.AUTO
    connect_seconds: float = CONNECT_SECONDS
    seconds: float | None = MOST_SECONDS
    window_characters: int = WINDOW_CHARACTERS

    @property
    def is_encrypted(self) -> bool:
        """Whether it is to be over TLS."""
        return self.security is not Security.NONE

    @property
    def is_confidential(self) -> bool:
        """Whether nobody but the peer that is meant reads what is said."""
        if isinstance(self.place, UnixPlace) or is_this_machine(self.place.host):
            return True
        return self.is_encrypted and self.is_checked

    @property
    def ends_lines_with(self) -> str:
        """What ends a line that is sent."""
        return self.line_end or ("\n" if isinstance(self.place, UnixPlace) else "\r\n")

    @property
    def tls_endpoint(self) -> TlsEndpoint:
        """
        The place, with whom to believe.

        Raises:
            ConnectError: it is a socket of the file system, which TLS is not spoken on here.
        """
        if isinstance(self.place, UnixPlace):
            raise ConnectError(self.address, "TLS", "TLS needs a host and a port")
        return TlsEndpoint(self.address, self.place.host, self.place.port, self.trust)


def settings_for(
    address: str, *, tls: bool = False, starttls: str = "", telnet: bool | None = None
) -> TalkSettings:
    """
    What an address and how it is spoken to mean; `dataclasses.replace` adds what else somebody wants.

    Args:
        address: as `parse_place` reads it.
        tls: it speaks TLS from the first byte on.
        starttls: one of `PROTOCOLS`, whose command begins TLS; empty for none.
        telnet: whether Telnet is spoken; None for what the port and the first bytes of the peer say.

    Raises:
        ConnectError: the address is none.
        ValueError: these do not go together, or there is no such protocol.
    """
    if tls and starttls:
        raise ValueError("TLS begins either with the first byte or with a command")
    if starttls and starttls not in PROTOCOLS:
        raise ValueError(f"there is no STARTTLS of {starttls!r}; there is that of {', '.join(PROTOCOLS)}")
    security = Security(starttls or ("tls" if tls else ""))
    place = parse_place(address, security)
    mode = mode_for(telnet, port=place.port if isinstance(place, TcpPlace) else 0)
    return TalkSettings(address=address, place=place, security=security, telnet=mode)


def parse_place(address: str, security: Security = Security.NONE) -> TcpPlace | UnixPlace:
    """
    Read `HOST:PORT`, `[::1]:PORT`, `unix://PATH`, or a path with a `/` in it.

    `tcp://HOST:PORT` and `tls://HOST:PORT` are read as well. Without a port, that of `security.protocol` is
    meant.

    Raises:
        ConnectError: it is none of them.
    """
    path = address.removeprefix("unix://")
    if path != address or address.startswith(("/", "./", "../", "~/")):
        if not path or "\0" in path:
            raise ConnectError(address, "address", "this is no path of a socket", "Write unix://PATH.")
        return UnixPlace(str(Path(path).expanduser()) if path.startswith("~/") else path)
    rest = _SCHEME.sub("", address)
    found = host_and_port(rest)
    if found is None:
        raise ConnectError(address, "address", *_what_is_wrong(rest))
    host, named_port = found
    port = USUAL_PORTS.get(security.protocol, 0) if named_port is None else named_port
    if not 0 < port < 65536 or host.startswith("-"):
        problem = "the port is missing" if named_port is None else "this is no host with a port of 1 to 65535"
        shown = f"[{host}]" if ":" in host else host
        raise ConnectError(address, "address", problem, f"Write {shown}:PORT.")
    return TcpPlace(host, port)


def _what_is_wrong(text: str) -> tuple[str, str]:
    """Of `::1:25` nobody knows whether its end is the port: it is an address as well."""
    with_port = _WITH_PORT.fullmatch(text)
    meant = []
    if with_port and _is_six(with_port["six"]) and int(with_port["port"]) < 65536:
        meant.append(f"[{with_port['six']}]:{with_port['port']}")
    if _is_six(text):
        meant.append(f"[{text}]:PORT")
    if meant:
        return "an IPv6 address stands in brackets", f"Write {' or '.join(meant)}."
    return "this is no host with a port", "Write HOST:PORT, [ADDRESS]:PORT or unix://PATH."


def _is_six(text: str) -> bool:
    try:
        return IPv6Address(text).scope_id is None
    except ValueError:
        return False
