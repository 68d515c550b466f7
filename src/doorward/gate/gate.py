"""The gate: every connection passes it before its door sees it, and is closed by it in time."""

import asyncio
import logging
import socket
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Protocol

from doorward.core.audit import AuditEvent, AuditKind
from doorward.core.limits import Limits
from doorward.core.penalties import Offence
from doorward.core.ports import AuditLog, Clock
from doorward.core.principal import Peer
from doorward.gate.listeners import BACKLOG, Listener, tune
from doorward.gate.origins import LOCAL, Origin
from doorward.gate.penalties import PenaltyTable
from doorward.gate.shares import Place, Refusal, Shares

_log = logging.getLogger("doorward.gate")

SWEEP_SECONDS = 1.0
"""How often deadlines are looked at, which hold to within this, and turned-away peers are told of."""

ACCEPTED_AT_ONCE = 1
"""
Of asyncio's own loop, in one turn, so that it closes whom it is to close before it accepts more; while no
descriptor is left it reports each as an error, and tries again after a second. uvloop does not heed it.

Source: `_accept_connection` of asyncio/selector_events.py, which tries that often whatever comes of it.
"""

MakeProtocol = Callable[[], asyncio.Protocol]


class Connection(Protocol):
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


class _Open:
    """An open listener: what accepts, and what each connection is met by."""

    __slots__ = ("protocol", "server")

    def __init__(self, protocol: MakeProtocol) -> None:
        self.protocol = protocol
        self.server: asyncio.Server | None = None

    def connect(self) -> asyncio.Protocol:
        return self.protocol()


class Gate:
    """
    Admits connections within the limits, counts visitors, keeps deadlines, and has sources pay for offences.

    Args:
        limits: of doors, sources and penalties.
        clock: the daemon's.
        audit: where it is written down that a source is shut out.
        most: connections in all, which must stay well below the process's descriptors.
        chance: gives numbers from 0 to 1, 1 excluded, that nobody can foretell.
    """

    def __init__(
        self, limits: Limits, clock: Clock, *, audit: AuditLog, most: int, chance: Callable[[], float]
    ) -> None:
        self._clock = clock
        self._audit = audit
        self._shares = Shares(limits, most=most, chance=chance)
        self._penalties = PenaltyTable(limits.penalties)
        self._places: dict[Connection, Place] = {}
        self._open: dict[Listener, _Open] = {}
        self._visitors = 0
        self._turned_away: Counter[Refusal] = Counter()
        self._told_of = 0
        self._is_stopping = False
        self._emptied: asyncio.Event | None = None
        self._sweep = clock.call_later(SWEEP_SECONDS, self._sweep_now)

    @property
    def connected(self) -> int:
        """How many connections there are, at all doors."""
        return len(self._places)

    @property
    def connected_by_door(self) -> Mapping[str, int]:
        """How many there are at each door that has any."""
        return Counter(place.door for place in self._places.values())

    @property
    def is_stopping(self) -> bool:
        """Whether nobody is admitted any more."""
        return self._is_stopping

    @property
    def visitors(self) -> int:
        """How many connections were admitted since the start."""
        return self._visitors

    @property
    def turned_away(self) -> Mapping[str, int]:
        """How many connections were closed at once since the start, by the reason; only what happened."""
        return {refusal.value: times for refusal, times in self._turned_away.items()}

    @property
    def shut_out(self) -> int:
        """How many sources are shut out of the doors that ask for a login."""
        return self._penalties.shut_out(now=self._clock.monotonic())

    def replace_limits(self, limits: Limits, *, most: int) -> None:
        """Admit by these limits from now on; who is in stays."""
        self._shares.limits = limits
        self._shares.most = most
        self._penalties.replace_limits(limits.penalties)

    # Listeners

    @property
    def listeners(self) -> tuple[Listener, ...]:
        """Where connections are accepted."""
        return tuple(self._open)

    async def open(self, listener: Listener, protocol: MakeProtocol) -> None:
        """
        Accept connections on `listener`, each with a protocol of its own, from now on.

        After an error, or when this is cancelled, nothing looks at its socket any more.
        """
        loop = asyncio.get_running_loop()
        is_unix = listener.socket.family == socket.AF_UNIX
        if not is_unix:
            tune(listener.socket, self._shares.limits)
        opened = _Open(protocol)
        create = loop.create_unix_server if is_unix else loop.create_server
        opened.server = await create(
            opened.connect, sock=listener.socket, backlog=ACCEPTED_AT_ONCE, start_serving=False
        )
        try:
            await opened.server.start_serving()
            listener.socket.listen(BACKLOG)
        except BaseException:
            opened.server.close()
            raise
        self._open[listener] = opened

    def renew(self, listener: Listener, protocol: MakeProtocol) -> None:
        """Give connections that come to an open `listener` from now on protocols of another make."""
        if listener.socket.family != socket.AF_UNIX:
            tune(listener.socket, self._shares.limits)
        self._open[listener].protocol = protocol

    def shut(self, listener: Listener) -> None:
        """Accept nobody on `listener` any more; who came by it stays."""
        server = self._open.pop(listener).server
        if server is not None:
            server.close()

    # Connections

    def admit(
        self, connection: Connection, door: str, origin: Origin = LOCAL, *, asks_login: bool = False
    ) -> int:
        """
        Let a connection in.

        Args:
            connection: it.
            door: whose it is.
            origin: whom it counts for.
            asks_login: its door lets nobody do anything before a login. `logged_in` is then to be told, and
                whoever ends without a login pays for it.

        Returns:
            The number of the visitor, counted from 1; 0 when it is to be closed at once.
        """
        refusal = self._refusal(door, origin, asks_login=asks_login)
        if refusal is not None:
            self._turned_away[refusal] += 1
            return 0
        place = Place(door, origin, awaits_login=asks_login)
        self._places[connection] = place
        self._shares.enter(place)
        self._visitors += 1
        return self._visitors

    def logged_in(self, connection: Connection) -> None:
        """Hear that a connection has logged in."""
        if (place := self._places.get(connection)) is not None:
            place.has_tried = True
            self._shares.log_in(place)

    def may_try(self, connection: Connection) -> bool:
        """
        Whether a connection may try to log in: its source may have been shut out since it came.

        From then on it counts as one that tried, whatever comes of it: only `failed` costs it something.
        """
        place = self._places.get(connection)
        if place is None or self.is_shut_out(place.origin):
            return False
        place.has_tried = True
        return True

    def is_shut_out(self, origin: Origin) -> bool:
        """Whether whoever comes from there may try no login now."""
        return self._penalties.seconds_left(origin.source, host=origin.host, now=self._clock.monotonic()) > 0

    def failed(self, door: str, origin: Origin) -> None:
        """Hear that somebody tried to log in and was refused, who may have left meanwhile."""
        self._punish(door, origin, Offence.FAILED_LOGIN)

    def release(self, connection: Connection) -> None:
        """Forget a connection that has ended; idempotent."""
        place = self._places.pop(connection, None)
        if place is None:
            return
        if place.awaits_login and not place.has_tried and not self._is_stopping:
            offence = Offence.LATE_LOGIN if place.is_late else Offence.NO_LOGIN
            self._punish(place.door, place.origin, offence)
        self._shares.leave(place)
        if self._emptied is not None and not self._places:
            self._emptied.set()

    # The end

    def stop_accepting(self) -> None:
        """Close the listeners; connections go on."""
        self._is_stopping = True
        for listener in self.listeners:
            self.shut(listener)

    async def drain(self, within_seconds: float) -> None:
        """
        Have every connection end, those that are answered after their answer was sent; admit nobody.

        Returns when the last is gone, or after `within_seconds`: what is left then is for `close`.
        """
        self.stop_accepting()
        self._each(self._places, lambda connection: connection.finish())
        if not self._places:
            return
        self._emptied = asyncio.Event()
        with suppress(TimeoutError):
            async with asyncio.timeout(within_seconds):
                await self._emptied.wait()

    def close(self) -> None:
        """Close everything."""
        self.stop_accepting()
        self._sweep.cancel()
        self._each(self._places, lambda connection: connection.close())

    # Inside

    def _refusal(self, door: str, origin: Origin, *, asks_login: bool) -> Refusal | None:
        if self._is_stopping:
            return Refusal.STOPPING
        if asks_login and self.is_shut_out(origin):
            return Refusal.SHUT_OUT
        return self._shares.refusal(door, origin, asks_login=asks_login, now=self._clock.monotonic())

    def _punish(self, door: str, origin: Origin, offence: Offence) -> None:
        if not origin.is_limited and offence is not Offence.FAILED_LOGIN:
            # a web page makes its reader's browser connect to loopback as often as it likes
            return
        now = self._clock.monotonic()
        was_shut_out = self.is_shut_out(origin)
        penalty = self._penalties.add(origin.source, offence, host=origin.host, now=now)
        if penalty is None or not penalty.counts or was_shut_out:
            return
        details = {
            "reason": f"shut out for {penalty.until_at - now:.0f} s: {offence.value}",
            "source": origin.source,
        }
        self._audit.record(AuditEvent(AuditKind.REFUSAL, "", Peer(door, origin.host), details))

    def _sweep_now(self) -> None:
        self._sweep = self._clock.call_later(SWEEP_SECONDS, self._sweep_now)
        now = self._clock.monotonic()
        late = [each for each in self._places if each.deadline_at is not None and each.deadline_at <= now]
        for connection in late:
            self._places[connection].is_late = True
        self._each(late, lambda connection: connection.expire())
        self._shares.forget(now=now)
        self._penalties.forget(now=now)
        self._tell_of_turned_away()

    def _tell_of_turned_away(self) -> None:
        total = self._turned_away.total()
        if total > self._told_of:
            reasons = ", ".join(f"{reason}: {times}" for reason, times in self.turned_away.items())
            _log.warning(
                "turned away %d connections; since the start, by reason: %s", total - self._told_of, reasons
            )
            self._told_of = total

    def _each(self, connections: Iterable[Connection], act: Callable[[Connection], None]) -> None:
        for connection in tuple(connections):
            try:
                act(connection)
            except Exception:  # noqa: BLE001 - logged
                # connections are isolated from each other: what one raises must not keep the others
                _log.exception("a connection could not be ended")
