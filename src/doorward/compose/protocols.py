"""What meets those who come to a listener: the protocol of its door, with all that it needs."""

import os
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from doorward.compose.prepared import Prepared
from doorward.core.errors import StateError
from doorward.core.figures import Figure
from doorward.core.ports import Clock
from doorward.core.settings import SSH, WEB, DoorSettings, Settings
from doorward.doors.line import LineDoor, meet
from doorward.gate.gate import Gate, MakeProtocol
from doorward.gate.listeners import Listener
from doorward.lines.phrases import PHRASES
from doorward.service.desk import Desk
from doorward.service.portal import Portal

if TYPE_CHECKING:
    from doorward.compose.web_room import WebRoom
    from doorward.doors.ssh import Histories


@dataclass(slots=True, kw_only=True, eq=False)
class Protocols:
    """
    Of all doors.

    Attributes:
        clock, gate, portal, desk: the daemon's.
        figures: how the daemon is.
    """

    clock: Clock
    gate: Gate
    portal: Portal
    desk: Desk
    figures: Callable[[], Iterable[Figure]]
    _histories: "Histories | None" = field(default=None, init=False)
    _web_room: "WebRoom | None" = field(default=None, init=False)

    def of(self, listener: Listener, prepared: Prepared) -> MakeProtocol:
        """
        What meets those who come to `listener`.

        Raises:
            StateError: it is of the ssh door, and there is no host key.
        """
        door = prepared.settings.doors[listener.door]
        context = prepared.contexts[door.name] if door.encrypts(listener.name) else None
        if door.name == SSH:
            return self._ssh_protocol(door, prepared)
        if door.name == WEB:
            return self._web_protocol(door, listener, prepared, context)
        return partial(meet, self._line_door(door, prepared, context))

    def renewal(self, settings: Settings) -> Callable[[], None]:
        """What makes `settings` count for those who are there once it is called; it does not raise."""
        return _nothing if self._web_room is None else self._web_room.renewal(settings)

    def close(self) -> None:
        """Let go of what doors keep beside their connections."""
        if self._web_room is not None:
            self._web_room.close()

    def _line_door(self, door: DoorSettings, prepared: Prepared, context: ssl.SSLContext | None) -> LineDoor:
        return LineDoor(
            name=door.name,
            kind=door.session,
            comers=door.kind.comers,
            phrases=PHRASES[prepared.settings.language],
            limits=prepared.settings.limits,
            clock=self.clock,
            gate=self.gate,
            portal=self.portal,
            desk=self.desk,
            user=door.user,
            context=context,
            keepers=frozenset({0, os.geteuid()}),
        )

    def _web_protocol(
        self, door: DoorSettings, listener: Listener, prepared: Prepared, context: ssl.SSLContext | None
    ) -> MakeProtocol:
        if self._web_room is None:
            # not imported where there is no such door
            from doorward.compose.web_room import WebRoom

            self._web_room = WebRoom(
                settings=prepared.settings,
                clock=self.clock,
                gate=self.gate,
                portal=self.portal,
                desk=self.desk,
                figures=self.figures,
            )
        return self._web_room.protocol(door, listener, prepared, context)

    def _ssh_protocol(self, door: DoorSettings, prepared: Prepared) -> MakeProtocol:
        # not imported where there is no such door: it takes 20 MB
        from doorward.doors.ssh import Histories, SshConnection, SshDoor, quieten

        quieten()
        if prepared.ssh_options is None:
            raise StateError("the ssh door has no host key")
        if self._histories is None:
            self._histories = Histories()
        ssh_door = SshDoor(
            name=door.name,
            settings=door.ssh,
            options=prepared.ssh_options,
            limits=prepared.settings.limits,
            clock=self.clock,
            gate=self.gate,
            portal=self.portal,
            desk=self.desk,
            histories=self._histories,
        )
        return partial(SshConnection, ssh_door)


def _nothing() -> None:
    """No door keeps anything that settings change."""
