"""How fast it may go: all files together, whoever sends."""

import asyncio
from collections.abc import Awaitable, Callable

from doorward.core.units import KIB

MOST_PIECE_BYTES = 255 * KIB
"""What fits into one request of SFTP."""

LEAST_PIECE_BYTES = 4 * KIB

_PIECES_A_SECOND = 8

Sleep = Callable[[float], Awaitable[object]]


class Pace:
    """
    Spreads bytes evenly over time.

    Args:
        bytes_per_second: of all that ask; 0 for no limit.
        monotonic: seconds that never go back.
        sleep: waits.
    """

    def __init__(
        self, bytes_per_second: int, *, monotonic: Callable[[], float], sleep: Sleep = asyncio.sleep
    ) -> None:
        self._bytes_per_second = bytes_per_second
        self._monotonic = monotonic
        self._sleep = sleep
        self._free_at = 0.0

    @property
    def piece_bytes(self) -> int:
        """How much is read and sent at once: the slower, the less, so that it flows."""
        if not self._bytes_per_second:
            return MOST_PIECE_BYTES
        return min(max(self._bytes_per_second // _PIECES_A_SECOND, LEAST_PIECE_BYTES), MOST_PIECE_BYTES)

    async def take(self, number_bytes: int) -> None:
        """Wait until so many bytes may go."""
        if not self._bytes_per_second:
            return
        now = self._monotonic()
        begins_at = max(now, self._free_at)
        # whoever asks next waits behind these
        self._free_at = begins_at + number_bytes / self._bytes_per_second
        if begins_at > now:
            await self._sleep(begins_at - now)
