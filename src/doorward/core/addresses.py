"""Where a door listens, as text and as a value; nothing is looked up."""

import ipaddress
import re
from dataclasses import dataclass

SOCKET_PATH_BYTES = 107
"""The longest path of a unix socket: sun_path of unix(7) has 108 bytes, one of them the NUL at the end."""

_ADDRESS = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<four>[0-9.]+)):(?P<port>[0-9]{1,5})")


_FROM_HERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - told apart, not listened on


@dataclass(frozen=True, slots=True)
class Address:
    """An IP address and a port; port 0 stands for a free one."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if self.is_ipv6 else f"{self.host}:{self.port}"

    @property
    def is_ipv6(self) -> bool:
        return ":" in self.host

    @property
    def is_loopback(self) -> bool:
        return ipaddress.ip_address(self.host).is_loopback

    @property
    def from_here(self) -> "Address":
        """Where a client on this machine finds who listens there: all addresses are no place to go to."""
        return Address(_FROM_HERE.get(self.host, self.host), self.port)


def parse_address(text: str) -> Address:
    """
    Read `127.0.0.1:7022` or `[::1]:7022`.

    Raises:
        ValueError: it is neither; names are not looked up.
    """
    match = _ADDRESS.fullmatch(text)
    host = _ip_address(match["six"] or match["four"]) if match else None
    if (
        match is None
        or host is None
        or (host.version == 6) != bool(match["six"])
        or int(match["port"]) > 65535
    ):
        raise ValueError(f"{text!r} is no address: expected 127.0.0.1:7022 or [::1]:7022")
    return Address(str(host), int(match["port"]))


def is_this_machine(host: str) -> bool:
    """Whether `host`, a name or an address without brackets, is this machine; nothing is looked up."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower().removesuffix(".") == "localhost"


def _ip_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def source_of(host: str) -> str:
    """
    Whom an IP address counts for: itself with IPv4, its network of 64 bits with IPv6.

    An IPv4 address that is written as one of IPv6 counts as IPv4.

    Raises:
        ValueError: it is no IP address.

    Source: a customer is given a /64 at least, RFC 6177; OpenSSH's PerSourceNetBlockSize is 32:128 by default
    and its manual suggests 64.
    """
    address = ipaddress.ip_address(host.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None:
            return str(ipaddress.IPv6Network((address, 64), strict=False))
        address = address.ipv4_mapped
    return str(address)
