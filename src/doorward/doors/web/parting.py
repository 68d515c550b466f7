"""The time in which a peer that goes on with a body nobody wants reads the answer that it got."""

import asyncio

PARTING_SECONDS = 5.0
"""
How long a peer whose body is not wanted may go on with it before it has read why.

Source: RFC 9112 section 9.6: closing with something unread resets the connection, and the answer with it;
nginx has a lingering_timeout of 5 s.
"""

PARTING_BYTES = 16 * 1024 * 1024
"""How much of such a body is passed over: more than what is under way when the answer goes out."""


class Parting:
    """One such time; whoever leaves ends it as well, since their handler is cancelled."""

    __slots__ = ("_over", "_passed_bytes")

    def __init__(self) -> None:
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._passed_bytes = 0

    @property
    def is_over(self) -> bool:
        """Whether it was ended."""
        return self._over.done()

    def end(self) -> None:
        """End it; idempotent."""
        if not self._over.done():
            self._over.set_result(None)

    def pass_over(self, size_bytes: int) -> None:
        """Hear that so much came that nobody reads; too much ends it."""
        self._passed_bytes += size_bytes
        if self._passed_bytes > PARTING_BYTES:
            self.end()

    async def until_over(self) -> None:
        """Wait for its end."""
        await self._over
