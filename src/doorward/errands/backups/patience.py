"""How often something is tried again, and after which pauses."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from doorward.core.backup_errands import RETRIES
from doorward.core.backup_store import StoreError, Trouble
from doorward.core.fetch_tries import pause_seconds
from doorward.errands.backups.pace import Sleep

MOST_TRIES = 1000
"""Of one file in one run, however well each of them begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """
    With whatever fails and may do better.

    Attributes:
        chance: from 0 to 1, for pauses that are not all alike.
        retries: how often in a row something is tried again that gets no further.
        sleep: waits.
    """

    chance: Callable[[], float]
    retries: int = RETRIES
    sleep: Sleep = asyncio.sleep

    def is_left(self, error: StoreError, tries_in_vain: int) -> bool:
        """Whether another try may help after `error`, and so many tries that came to nothing."""
        return error.trouble is Trouble.TEMPORARY and tries_in_vain <= self.retries

    async def pause(self, tries_in_vain: int, tell: Callable[[float], object]) -> None:
        """Wait before another try, the longer the more of them failed; `tell` hears for how many seconds."""
        tries = max(tries_in_vain, 1)
        seconds = pause_seconds(tries, asked_seconds=None, chance=self.chance()) or 0.0
        tell(seconds)
        await self.sleep(seconds)
