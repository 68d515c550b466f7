"""Who asks, and from where: what a door tells the desk with each line."""

from dataclasses import dataclass

from doorward.core.principal import Peer, Principal


@dataclass(frozen=True, slots=True)
class Caller:
    """A principal at a door."""

    principal: Principal
    peer: Peer
