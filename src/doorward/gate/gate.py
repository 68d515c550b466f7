"""The gate: every connection passes it before its door sees it, and is closed by it in time."""

import asyncio
import logging
import socket
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Protocol

from doorward.core.limits import Limits
from doorward.core.ports import Clock
from doorward.gate.listeners import BACKLOG, Listener

_log = logging.getLogger("doorward.gate")

SWEEP_SECONDS = 1.0
"""How often deadlines are looked at: they hold to within this."""

USER_TIMEOUT_SECONDS = 30.0
"""What was sent and is not acknowledged for at least so long ends a connection; see RFC 5482."""


class Admitted(Protocol):
    """
    A connection as the gate sees it.

    Attributes:
        deadline_at: when it is to be closed, on the monotonic clock; None for never.
    """

    deadline_at: float | None

    def expire(self) -> None:
        """End it: its time is over."""

    def finish(self) -> None:
        """End it in an orderly way once its answer, if there is one, is over and sent: the daemon stops."""

    def close(self) -> None:
        """End it in an orderly way at once: what was handed over for it is still sent."""


class Gate:
    """Admits connections within the limits, counts visitors, and keeps deadlines."""

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._connections: dict[Admitted, tuple[str, str]] = {}
        self._doors: Counter[str] = Counter()
        self._sources: Counter[tuple[str, str]] = Counter()
        self._servers: list[asyncio.Server] = []
        self._visitors = 0
        self._turned_away = 0
        self._is_open = True
        self._emptied: asyncio.Event | None = None
        self._sweep = clock.call_later(SWEEP_SECONDS, self._expire_late)

    @property
    def connected(self) -> int:
        """How many connections there are, at all doors."""
        return len(self._connections)

    @property
    def turned_away(self) -> int:
        """How many connections were closed because their door was full."""
        return self._turned_away

    @property
    def visitors(self) -> int:
        """How many connections were admitted since the start."""
        return self._visitors

    def replace_limits(self, limits: Limits) -> None:
        """Admit by these limits from now on; who is in stays."""
        self._limits = limits

    async def open(self, listener: Listener, connection: Callable[[], asyncio.Protocol]) -> None:
        """Accept connections on `listener`, each with a protocol of its own, from now on."""
        loop = asyncio.get_running_loop()
        is_unix = listener.socket.family == socket.AF_UNIX
        if not is_unix:
            # inherited by what is accepted; a window that stays shut counts too, and has its own limit
            timeout_seconds = max(USER_TIMEOUT_SECONDS, self._limits.stalled_write_seconds)
            listener.socket.setsockopt(
                socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(timeout_seconds * 1000)
            )
        create = loop.create_unix_server if is_unix else loop.create_server
        server = await create(connection, sock=listener.socket, backlog=BACKLOG)
        self._servers.append(server)

    def admit(self, connection: Admitted, door: str, *, source: str = "") -> int:
        """
        Let a connection in.

        Args:
            connection: it.
            door: whose it is.
            source: whence it comes, as far as that is to be counted; empty for one that has no share of its
                own, as loopback and root have none.

        Returns:
            The number of the visitor, counted from 1; 0 when it is to be closed at once.
        """
        if not self._has_room(door, source):
            self._turned_away += 1
            return 0
        self._connections[connection] = (door, source)
        self._doors[door] += 1
        self._sources[door, source] += 1
        self._visitors += 1
        return self._visitors

    def release(self, connection: Admitted) -> None:
        """Forget a connection that has ended; idempotent."""
        if (place := self._connections.pop(connection, None)) is not None:
            door, _ = place
            self._doors[door] -= 1
            self._sources[place] -= 1
            if not self._sources[place]:
                del self._sources[place]
            if self._emptied is not None and not self._connections:
                self._emptied.set()

    def stop_accepting(self) -> None:
        """Close the listeners; connections go on."""
        self._is_open = False
        for server in self._servers:
            server.close()

    async def drain(self, within_seconds: float) -> None:
        """
        Have every connection end, those that are answered after their answer was sent; admit nobody.

        Returns when the last is gone, or after `within_seconds`: what is left then is for `close`.
        """
        self.stop_accepting()
        self._each(self._connections, lambda connection: connection.finish())
        if not self._connections:
            return
        self._emptied = asyncio.Event()
        with suppress(TimeoutError):
            async with asyncio.timeout(within_seconds):
                await self._emptied.wait()

    def close(self) -> None:
        """Close everything."""
        self.stop_accepting()
        self._sweep.cancel()
        self._each(self._connections, lambda connection: connection.close())

    def _has_room(self, door: str, source: str) -> bool:
        if not self._is_open or self._doors[door] >= self._limits.connections:
            return False
        return not source or self._sources[door, source] < self._limits.connections_per_source

    def _expire_late(self) -> None:
        self._sweep = self._clock.call_later(SWEEP_SECONDS, self._expire_late)
        now = self._clock.monotonic()
        late = [
            each for each in self._connections if each.deadline_at is not None and each.deadline_at <= now
        ]
        self._each(late, lambda connection: connection.expire())

    def _each(self, connections: Iterable[Admitted], act: Callable[[Admitted], None]) -> None:
        for connection in tuple(connections):
            try:
                act(connection)
            except Exception:  # noqa: BLE001 - logged
                # connections are isolated from each other: what one raises must not keep the others
                _log.exception("a connection could not be ended")
