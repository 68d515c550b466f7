"""Whom a connection counts for."""

from typing import NamedTuple

from doorward.core.addresses import source_of

_LOOPBACK = "127.0.0.1"
_IPV6_LOOPBACK = "::1"


class Origin(NamedTuple):
    """
    Where a connection comes from.

    Attributes:
        source: whose shares it takes and whose penalties it pays, see `source_of`; all of 127.0.0.0/8 is one,
            and so is ::1; `uid 1000` at the unix door; empty for whoever has no share of their own.
        host: the peer's address; empty at the unix door.
        is_limited: caps and rates per source hold for it; they do not for loopback and for keepers.
        is_keeper: it is root, or the daemon's own user, at the unix door.
    """

    source: str = ""
    host: str = ""
    is_limited: bool = False
    is_keeper: bool = False


LOCAL = Origin()
"""A peer of this machine who need not be told from others."""


KEEPER = Origin(is_keeper=True)
"""Whoever keeps the daemon."""


def origin_of_host(host: str) -> Origin:
    """The origin of a peer at the IP address `host`."""
    if host.startswith("127."):
        return Origin(_LOOPBACK, host)
    if host == _IPV6_LOOPBACK:
        return Origin(host, host)
    try:
        source = source_of(host)
    except ValueError:
        return Origin(host, host, is_limited=True)
    if source.startswith("127."):
        return Origin(_LOOPBACK, host)
    return Origin(source, host, is_limited=True)


def origin_of_uid(uid: int, *, keepers: frozenset[int]) -> Origin:
    """The origin of a peer of the unix door; any user may come by it, none but its `keepers` may fill it."""
    return KEEPER if uid in keepers else Origin(f"uid {uid}", is_limited=True)
