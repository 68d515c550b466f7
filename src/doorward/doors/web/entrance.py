"""What a connection asks of the door that it came by."""

import ssl
from typing import Protocol

from doorward.core.limits import Limits
from doorward.core.ports import Clock
from doorward.gate.gate import Gate


class Entrance(Protocol):
    """
    What a connection asks of the door that it came by; a `WebDoor`, or one that shows files and nothing else.

    Attributes:
        name: of the door.
        limits: for each connection.
        clock: the daemon's.
        gate: in front of it.
        context: of TLS; None for plain HTTP.
        only_proxies: whoever is no proxy is turned away.
        hosts: names that a Host header may have, in lower case, beside addresses and localhost.
        asks_login: whoever ends without a login pays for it.
    """

    @property
    def name(self) -> str: ...
    @property
    def limits(self) -> Limits: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def gate(self) -> Gate: ...
    @property
    def context(self) -> ssl.SSLContext | None: ...
    @property
    def only_proxies(self) -> bool: ...
    @property
    def hosts(self) -> frozenset[str]: ...
    @property
    def asks_login(self) -> bool: ...

    def is_proxy(self, host: str) -> bool:
        """Whether `host` is an address of a proxy that is named."""
