"""What the web door keeps, built only where there is one: its libraries take 20 MB and half a second."""

import ipaddress
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from doorward.compose.prepared import Prepared
from doorward.core.addresses import parse_address
from doorward.core.figures import Figure
from doorward.core.ports import Clock
from doorward.core.settings import WEB, DoorSettings, Settings
from doorward.doors.web import House, WebDoor, meeting
from doorward.doors.web.files.handler import THREADS_MOST
from doorward.doors.web.files.mounts import Mounts
from doorward.doors.web.files.way import Way
from doorward.gate.gate import Gate, MakeProtocol
from doorward.gate.listeners import Listener
from doorward.service.desk import Desk
from doorward.service.portal import Portal
from doorward.service.threads import Threads


@dataclass(slots=True, kw_only=True, eq=False)
class WebRoom:
    """
    Kept from the first web door on until the daemon ends.

    Attributes:
        settings: those that the door was first opened with.
        clock, gate, portal, desk: the daemon's.
        figures: how the daemon is.
    """

    settings: Settings
    clock: Clock
    gate: Gate
    portal: Portal
    desk: Desk
    figures: Callable[[], Iterable[Figure]]
    _threads: Threads = field(init=False)
    _house: House = field(init=False)

    def __post_init__(self) -> None:
        self._threads = Threads(THREADS_MOST, name="files")
        self._house = House(self.settings.limits, self.clock, mounts=self._mounts_of(self.settings))

    def protocol(
        self, door: DoorSettings, listener: Listener, prepared: Prepared, context: ssl.SSLContext | None
    ) -> MakeProtocol:
        """What meets those who come to `listener`, encrypted where there is a `context`."""
        address = parse_address(listener.name)
        web_door = WebDoor(
            name=door.name,
            house=self._house,
            limits=prepared.settings.limits,
            clock=self.clock,
            gate=self.gate,
            portal=self.portal,
            desk=self.desk,
            context=context,
            port=address.port,
            only_proxies=context is None and not address.is_loopback,
            proxies=tuple(ipaddress.ip_network(each) for each in door.proxies),
            public_origin=door.public_url,
            hosts=frozenset(door.hosts),
            language=prepared.settings.language,
            figures=self.figures,
        )
        return meeting(web_door)

    def renewal(self, settings: Settings) -> Callable[[], None]:
        """What makes `settings` count once it is called; it does not raise."""
        mounts = self._mounts_of(settings)
        return lambda: self._house.renew(settings.limits, mounts)

    def close(self) -> None:
        """Sign everybody out, and keep no file open."""
        self._house.close()
        self._threads.close()

    def _mounts_of(self, settings: Settings) -> Mounts:
        door = settings.doors.get(WEB)
        way = Way(self._threads, self.clock, settings.limits.stalled_write_seconds)
        return Mounts(() if door is None else door.mounts, way=way)
