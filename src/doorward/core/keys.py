"""A public key that lets somebody in, and what limits it: pure decisions about where, when and for whom."""

import base64
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_SOURCE = re.compile(r"!?[0-9A-Fa-f:.*?]+(/[0-9]{1,3})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizedKey:
    """
    A key, with what an `authorized_keys` line says about it.

    Attributes:
        blob: the public key as it goes over the wire. Source: RFC 4253 section 6.6.
        is_authority: certificates that it signed let in, not the key itself.
        principals: of an authority, whom its certificates must name; empty for the user's own name.
        sources: patterns of addresses that it may come from, as in `is_from`; empty for any.
        expires_at: seconds since 1970 from which on it lets nobody in; None for never.
        command: the only line that it may ask for; None for any.
        has_terminal: it may ask for a terminal.
        is_touched: a security key must have been touched for each login.
    """

    blob: bytes
    is_authority: bool = False
    principals: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    expires_at: float | None = None
    command: str | None = None
    has_terminal: bool = True
    is_touched: bool = True

    def lets_in(self, *, address: str, now: float) -> bool:
        """Whether it lets in who comes from `address`, `now` seconds since 1970."""
        if self.expires_at is not None and now >= self.expires_at:
            return False
        return not self.sources or is_from(address, self.sources)

    def vouches_for(self, user: str, named: Iterable[str]) -> bool:
        """Whether a certificate of it that names `named` is `user`'s; one that names nobody is nobody's."""
        return any(name in (self.principals or (user,)) for name in named)


def is_source(pattern: str) -> bool:
    """
    Whether `pattern` can be one of `is_from`.

    A name cannot: to tell whether a peer has it, somebody else's name server would have to be asked.
    """
    if not _SOURCE.fullmatch(pattern):
        return False
    address = pattern.removeprefix("!")
    if "/" not in address:
        return True
    try:
        ip_network(address, strict=False)
    except ValueError:
        return False
    return True


def is_from(address: str, patterns: Iterable[str]) -> bool:
    """
    Whether one of `patterns` fits `address`, and none that begins with `!` does.

    Each is an address with `*` and `?` for what may stand there, or a network.

    Source: `from=` of sshd(8), and PATTERNS of ssh_config(5).
    """
    try:
        host = _plain(ip_address(address))
    except ValueError:
        return False
    found = False
    for pattern in patterns:
        if _fits(host, pattern.removeprefix("!")):
            if pattern.startswith("!"):
                return False
            found = True
    return found


def fingerprint_of(blob: bytes) -> str:
    """How OpenSSH shows the key: `SHA256:` and 43 letters of base64."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode("ascii").rstrip("=")


def _plain(host: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    mapped = host.ipv4_mapped if isinstance(host, IPv6Address) else None
    return host if mapped is None else mapped


def _fits(host: IPv4Address | IPv6Address, pattern: str) -> bool:
    if "/" in pattern:
        network = ip_network(pattern, strict=False)
        return host.version == network.version and host in network
    return fnmatchcase(str(host), pattern.lower())
