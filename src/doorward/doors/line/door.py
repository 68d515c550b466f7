"""What the connections of one line door share."""

import ssl
from dataclasses import dataclass, field

from doorward.core.limits import Limits
from doorward.core.ports import Clock
from doorward.core.settings import Comers, LineSessionKind
from doorward.gate.gate import Gate
from doorward.lines.phrases import Phrases
from doorward.service.desk import Desk
from doorward.service.portal import Portal


@dataclass(frozen=True, slots=True, kw_only=True)
class LineDoor:
    """
    One line door as it is configured; connections go on with the one that they came by.

    Attributes:
        name: `tcp`, `tls` or `unix`.
        kind: once or keep.
        comers: the kernel vouches for the uid of a peer, a password is asked for, or all are guests.
        user: whose password is asked for; empty for any user's.
        context: of TLS; None for plain text.
        keepers: the uids that no share of the unix door bounds.
        knows_uid: the kernel vouches for the peer's uid; follows from `comers`.
        asks_login: nobody may ask for anything before a password or a certificate; follows too.
    """

    name: str
    kind: LineSessionKind
    comers: Comers
    phrases: Phrases
    limits: Limits
    clock: Clock
    gate: Gate
    portal: Portal
    desk: Desk
    user: str = ""
    context: ssl.SSLContext | None = None
    keepers: frozenset[int] = frozenset()
    knows_uid: bool = field(init=False)
    asks_login: bool = field(init=False)

    def __post_init__(self) -> None:
        # every connection asks, several times
        object.__setattr__(self, "knows_uid", self.comers is Comers.USERS_BY_UID)
        object.__setattr__(self, "asks_login", self.comers is Comers.USERS_WITH_PASSWORD)
