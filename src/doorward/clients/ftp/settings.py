"""Where a server of FTP is, who asks there, and how long anything may take."""

import enum
from dataclasses import dataclass, field

from doorward.clients._endpoints import CONNECT_SECONDS, TlsEndpoint
from doorward.clients._trust import Trust
from doorward.core.addresses import is_this_machine
from doorward.core.secret import Secret

ANONYMOUS = "anonymous"


class Security(enum.Enum):
    """How a connection is encrypted."""

    NONE = "none"
    """Not at all, files neither."""
    EXPLICIT = "explicit"
    """From `AUTH TLS` on, before anybody logs in, and every file: RFC 4217. Without it nothing is said."""
    IMPLICIT = "implicit"
    """From the first byte on."""
    EITHER = "either"
    """Like one of those two, whichever the server takes."""


EXPLICIT_PORT = 21
"""Where `AUTH TLS` is said, or nothing of it. Source: RFC 959 section 8."""

IMPLICIT_PORT = 990
"""Where TLS begins with the first byte. Source: the list of ports of IANA, ftps."""

_USUAL_PORTS = {
    Security.NONE: EXPLICIT_PORT,
    Security.EXPLICIT: EXPLICIT_PORT,
    Security.IMPLICIT: IMPLICIT_PORT,
    Security.EITHER: IMPLICIT_PORT,
}
_SCHEMES = {
    Security.NONE: "ftp",
    Security.EXPLICIT: "ftpes",
    Security.IMPLICIT: "ftps",
    Security.EITHER: "ftps",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """
    How long a client waits, in seconds.

    Attributes:
        connect_seconds: for a connection, all addresses of a host together.
        tls_seconds: for a handshake.
        reply_seconds: for the answer to a command.
        data_seconds: for the next bytes of a file, until some of those that were sent were taken, and for the
            last word after the last byte, which a slow disk may hold up.
        total_seconds: from the first connection to the end of the last command.
    """

    connect_seconds: float = CONNECT_SECONDS
    tls_seconds: float = CONNECT_SECONDS
    reply_seconds: float = 30.0
    data_seconds: float = 60.0
    total_seconds: float = 6 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FtpServer:
    """
    A server, and who asks there.

    Attributes:
        host: a name, or an address without brackets.
        port: 0 for the usual one.
        security: how it is encrypted.
        user: to log in as.
        password: None for whoever needs none; `anonymous` then gives the name of this program.
        password_from: where that came from, for whoever is not let in with it; empty for nothing to say.
        trust: whom we take for that host, over TLS; of it, a fingerprint or authorities count.
        at_most_tls12: for servers that lose files over TLS 1.3, such as proftpd before 1.3.9:
            https://github.com/proftpd/proftpd/issues/2015.
        may_be_overheard: a password may go unencrypted to another machine.
        believes_pasv: files come from and go to the address that the server names, be it another machine's,
            in place of the one that was connected to.
        is_active: the server connects for files, in place of being connected to.
        noop_seconds: how long nothing is said on the control connection while a file is on its way, before
            something is, lest somebody in between forgets it; 0 for any time.
        deadlines: how long anything may take.
    """

    host: str
    port: int = 0
    security: Security = Security.EXPLICIT
    user: str = ANONYMOUS
    password: Secret | None = None
    password_from: str = ""
    trust: Trust = field(default_factory=Trust)
    at_most_tls12: bool = False
    may_be_overheard: bool = False
    believes_pasv: bool = False
    is_active: bool = False
    noop_seconds: float = 60.0
    deadlines: Deadlines = field(default_factory=Deadlines)

    @property
    def is_encrypted(self) -> bool:
        """Whether it speaks TLS."""
        return self.security is not Security.NONE

    @property
    def is_confidential(self) -> bool:
        """Whether nobody in between reads what is said: it is encrypted, or does not leave this machine."""
        return self.is_encrypted or is_this_machine(self.host)

    @property
    def endpoint(self) -> TlsEndpoint:
        """The port that is connected to, with whom to believe."""
        return TlsEndpoint(self.url, self.host, self.port or _USUAL_PORTS[self.security], self.trust)

    @property
    def url(self) -> str:
        """For people: without a name and without a password."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = f":{self.port}" if self.port not in {0, _USUAL_PORTS[self.security]} else ""
        return f"{_SCHEMES[self.security]}://{host}{port}"
