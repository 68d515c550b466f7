"""Names and passwords that were right a moment ago, so that Basic need not hash one for each request."""

import hashlib
import hmac
import secrets

from doorward.core.ports import Clock
from doorward.core.secret import Secret
from doorward.service.portal import Admitted

REMEMBERED_SECONDS = 60.0
"""A user who is changed meanwhile is not let in by it: the portal refuses what is not current."""

REMEMBERED_PAIRS = 1024

_KEY_BYTES = 32


class RememberedPairs:
    """
    What the portal said of pairs, under an HMAC whose key no other start has.

    Args:
        clock: the daemon's.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._key = secrets.token_bytes(_KEY_BYTES)
        self._pairs: dict[bytes, tuple[Admitted, float]] = {}

    def find(self, name: str, password: Secret) -> Admitted | None:
        """What let this pair in less than `REMEMBERED_SECONDS` ago; None for nothing."""
        mark = self._mark(name, password)
        if mark is None or (found := self._pairs.get(mark)) is None:
            return None
        admitted, until = found
        if until > self._clock.monotonic():
            return admitted
        del self._pairs[mark]
        return None

    def remember(self, name: str, password: Secret, admitted: Admitted) -> None:
        """Remember that the portal let this pair in; the oldest of too many is forgotten."""
        mark = self._mark(name, password)
        if mark is None:
            return
        self._pairs.pop(mark, None)
        self._pairs[mark] = admitted, self._clock.monotonic() + REMEMBERED_SECONDS
        if len(self._pairs) > REMEMBERED_PAIRS:
            del self._pairs[next(iter(self._pairs))]

    def clear(self) -> None:
        """Forget all: the users may have changed."""
        self._pairs.clear()

    def _mark(self, name: str, password: Secret) -> bytes | None:
        try:
            # no name holds a NUL, so that no two pairs are one text
            pair = f"{name}\0{password.revealed}".encode()
        except UnicodeEncodeError:
            return None
        return hmac.digest(self._key, pair, hashlib.sha256)
