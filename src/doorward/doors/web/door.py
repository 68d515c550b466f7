"""What the connections and the requests of the web door share."""

import ipaddress
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from doorward.core.figures import Figure
from doorward.core.limits import Limits
from doorward.core.ports import Clock
from doorward.core.settings import Language
from doorward.doors.web.house import House
from doorward.gate.gate import Gate
from doorward.service.desk import Desk
from doorward.service.portal import Portal

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class WebDoor:
    """
    The web door as it is configured, at one of its listeners; connections go on with the one they came by.

    Attributes:
        name: `web`.
        house: what counts for all connections at once: sessions, remembered passwords, folders.
        context: of TLS; None for plain HTTP.
        port: of the listener.
        only_proxies: whoever is none of `proxies` is turned away: plain HTTP away from loopback.
        proxies: the networks of those whose X-Forwarded-For and X-Forwarded-Proto count.
        public_origin: `https://ops.example.org` as browsers see it behind a proxy; empty for none.
        hosts: names that a Host header may have, in lower case, beside addresses and localhost.
        language: of whoever does not say which.
        figures: how the daemon is, for whoever may know.
    """

    name: str
    house: House
    limits: Limits
    clock: Clock
    gate: Gate
    portal: Portal
    desk: Desk
    context: ssl.SSLContext | None = None
    port: int = 0
    only_proxies: bool = False
    proxies: tuple[Network, ...] = ()
    public_origin: str = ""
    hosts: frozenset[str] = frozenset()
    language: Language = Language.ENGLISH
    figures: Callable[[], Iterable[Figure]] = tuple
    cookie_name: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "cookie_name", f"doorward-{self.port}")

    @property
    def asks_login(self) -> bool:
        """Whether those who come are to log in, and pay for it when they do not."""
        return True

    def is_proxy(self, host: str) -> bool:
        """Whether `host` is an address of a proxy that is named."""
        if not self.proxies:
            return False
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return False
        mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
        return any((mapped or address) in network for network in self.proxies)
