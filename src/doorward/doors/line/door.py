"""What the connections of one line door share."""

import enum
import ssl
from dataclasses import dataclass

from doorward.core.limits import Limits
from doorward.core.ports import Clock
from doorward.core.settings import LineSessionKind
from doorward.gate.gate import Gate
from doorward.lines.phrases import Phrases
from doorward.service.desk import Desk
from doorward.service.portal import Portal


class Comers(enum.Enum):
    """Who comes by a door, as far as the door knows before they say anything."""

    GUESTS = enum.auto()
    USERS_BY_UID = enum.auto()
    USERS_WITH_PASSWORD = enum.auto()


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

    @property
    def knows_uid(self) -> bool:
        """Whether the kernel vouches for the peer's uid."""
        return self.comers is Comers.USERS_BY_UID

    @property
    def asks_login(self) -> bool:
        """Whether nobody may ask for anything before a password or a certificate."""
        return self.comers is Comers.USERS_WITH_PASSWORD
