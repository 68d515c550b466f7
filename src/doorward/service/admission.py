"""What comes of somebody's try to come in, and the session that begins with it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from doorward.core.keys import AuthorizedKey
from doorward.core.principal import Principal, User
from doorward.core.tokens import Token

_BUSY = "too many passwords are being checked, try again later"


@dataclass(frozen=True, slots=True)
class Admitted:
    """
    Somebody came in; `Portal.opened` wants to know when their session begins.

    Attributes:
        principal: who.
        user: as declared at that moment; None for guests, and at the unix door for root and the daemon's own
            user.
        token: the one that they came by; None for all other ways.
        authority: of the certificate that they came by; None for all other ways.
    """

    principal: Principal
    user: User | None = field(default=None, repr=False)
    token: Token | None = field(default=None, repr=False)
    authority: AuthorizedKey | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Refused:
    """Nobody came in; `reason` is for the peer, one line, the same for a wrong name and a wrong password."""

    reason: str


@dataclass(frozen=True, slots=True)
class Busy:
    """Too many checks wait, of all or of this peer's; `reason` is for the peer, who may try again."""

    reason: str = _BUSY


Admission = Admitted | Refused | Busy


class Session:
    """
    The session of somebody who came in: revoked once at most, and not after `close`.

    Attributes:
        admitted: who, and what let them in.
        is_revoked: the user or the token was removed or changed, or the token expired; the session may do
            nothing more.
    """

    __slots__ = ("_on_revoked", "_sessions", "admitted", "is_revoked")

    def __init__(
        self, admitted: Admitted, on_revoked: Callable[[], object], sessions: "set[Session]"
    ) -> None:
        self.admitted = admitted
        self.is_revoked = False
        self._on_revoked = on_revoked
        self._sessions = sessions

    def close(self) -> None:
        """Tell that the session is over; idempotent."""
        self._sessions.discard(self)

    def revoke(self) -> None:
        """End the session: for the portal, when what let its owner in does not count any more."""
        if self in self._sessions:
            self.close()
            self.is_revoked = True
            self._on_revoked()
