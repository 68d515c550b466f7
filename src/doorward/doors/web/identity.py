"""Somebody whom requests come from: let in by the portal, until it takes that back."""

from collections.abc import Callable

from doorward.core.principal import Principal
from doorward.service.admission import Admitted
from doorward.service.portal import Portal


class Identity:
    """
    A session of the portal's, and what goes on in it.

    Attributes:
        principal: who.
        is_over: it was left or revoked; nothing more may be done in its name.
    """

    def __init__(self, portal: Portal, admitted: Admitted) -> None:
        self.principal: Principal = admitted.principal
        self.is_over = False
        self._endings: dict[object, Callable[[], None]] = {}
        # may revoke at once, when the user was changed since they were let in
        self._session = portal.opened(admitted, self._end)

    @property
    def is_followed(self) -> bool:
        """Whether something goes on in its name that ends with it."""
        return bool(self._endings)

    def call_at_end(self, owner: object, ending: Callable[[], None]) -> None:
        """Have `ending` called once when this is over while `owner` still goes on."""
        self._endings[owner] = ending

    def forget(self, owner: object) -> None:
        """`owner` has come to its end by itself; idempotent."""
        self._endings.pop(owner, None)

    def close(self) -> None:
        """Nothing comes in its name any more; idempotent."""
        self._session.close()
        self._end()

    def _end(self) -> None:
        self.is_over = True
        endings, self._endings = self._endings, {}
        for ending in endings.values():
            ending()
