"""Names and passwords that are looked at: each pair once, and to the end though whoever shows it leaves."""

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable

from doorward.core.ports import Clock
from doorward.core.secret import Secret
from doorward.service.admission import Admission, Admitted

REMEMBERED_SECONDS = 60.0
"""A user who is changed meanwhile is not let in by it: the portal refuses what is not current."""

REMEMBERED_PAIRS = 1024

_KEY_BYTES = 32


class PairChecks:
    """
    Those that are looked at, and those that were good lately; under an HMAC whose key no other start has.

    A browser shows the same pair on six connections at once, and a program with every request; a hash each
    would take a fifth of a second, and more than two of one source are turned away.

    Args:
        clock: the daemon's.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._key = secrets.token_bytes(_KEY_BYTES)
        self._good: dict[bytes, tuple[Admitted, float]] = {}
        self._under_way: dict[bytes, asyncio.Task[Admission]] = {}

    def known(self, name: str, password: Secret) -> Admitted | None:
        """What let this pair in less than `REMEMBERED_SECONDS` ago; None for nothing."""
        mark = self._mark(name, password)
        if (found := self._good.get(mark)) is None:
            return None
        admitted, until = found
        if until > self._clock.monotonic():
            return admitted
        del self._good[mark]
        return None

    async def admit(
        self, name: str, password: Secret, check: Callable[[], Awaitable[Admission]]
    ) -> Admission:
        """
        What `check` says of this pair, or the one that is under way for the same.

        It goes on when whoever waits here is cancelled: a try counts although the one who made it has left.
        """
        mark = self._mark(name, password)
        task = self._under_way.get(mark)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._checked(mark, check))
            self._under_way[mark] = task
            task.add_done_callback(lambda _done: self._under_way.pop(mark, None))
        return await asyncio.shield(task)

    def clear(self) -> None:
        """Forget all that was good: the users may have changed."""
        self._good.clear()

    def close(self) -> None:
        """Look at no pair any more."""
        for task in self._under_way.values():
            task.cancel()

    async def _checked(self, mark: bytes, check: Callable[[], Awaitable[Admission]]) -> Admission:
        admission = await check()
        if isinstance(admission, Admitted):
            self._good.pop(mark, None)
            self._good[mark] = admission, self._clock.monotonic() + REMEMBERED_SECONDS
            if len(self._good) > REMEMBERED_PAIRS:
                del self._good[next(iter(self._good))]
        return admission

    def _mark(self, name: str, password: Secret) -> bytes:
        # no name of a user holds a NUL, so that no two pairs are one text
        pair = f"{name}\0{password.revealed}".encode("utf-8", "surrogatepass")
        return hmac.digest(self._key, pair, hashlib.sha256)
