"""The one place where objects are built and wired."""

import asyncio
import logging
import os
import resource
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from doorward import __version__
from doorward.compose.reloading import Reloads
from doorward.core.audit import AuditEvent, AuditKind
from doorward.core.call import Call
from doorward.core.catalogue import Catalogue
from doorward.core.command import Command, Function
from doorward.core.errors import StateError
from doorward.core.limits import Limits
from doorward.core.principal import ADMIN, User
from doorward.core.settings import UNIX, DoorSettings, Settings
from doorward.core.users import merge_users
from doorward.doors.line import LineDoor
from doorward.gate.gate import Gate
from doorward.gate.listeners import Listener, listen_somewhere, listen_tcp, listen_unix
from doorward.lines.phrases import PHRASES
from doorward.processes.settings import ProcessSettings
from doorward.processes.spawner import ShimSpawner
from doorward.service.desk import Desk
from doorward.service.portal import Portal
from doorward.service.runs import Runs
from doorward.stores.audit import AUDIT_NAME, AuditFile
from doorward.stores.clock import SystemClock
from doorward.stores.passwords import PasswordVerifier, hashing_workers
from doorward.stores.places import StatePlace, socket_path
from doorward.stores.state import HeldState
from doorward.stores.users import UserFile

_log = logging.getLogger("doorward.daemon")

DESCRIPTORS_OF_A_RUN = 6
"""While one starts: its three pipes, and both ends of the way to its shim."""

SPARE_DESCRIPTORS = 256
"""Beside connections and runs: listeners, the state's files, what libraries hold."""


@dataclass(frozen=True, slots=True)
class Opened:
    """
    What is open, told once all doors are.

    Attributes:
        doors: by name, the addresses really listened on; a path for the unix door.
        settings: of the daemon.
        state_folder: absolute.
        notices: what the keeper should know although it is no error.
    """

    doors: Mapping[str, tuple[str, ...]]
    settings: Settings
    state_folder: Path
    notices: tuple[str, ...]


class Daemon:
    """
    All objects of one daemon, on the running loop.

    Args:
        settings: what is to be.
        place: where the state stands.
        held: the same, held.
        environment: of the process, which says where the unix socket goes.

    Raises:
        DoorwardError: the users of the state cannot be read, or stand twice.
    """

    def __init__(
        self, settings: Settings, place: StatePlace, held: HeldState, *, environment: Mapping[str, str]
    ) -> None:
        limits = settings.limits
        self._settings = settings
        self._held = held
        self._socket_path = socket_path(place, environment)
        self._listeners: list[Listener] = []
        self._idle_listeners: list[Listener] = []
        self._doors: dict[str, tuple[str, ...]] = {}
        loop = asyncio.get_running_loop()
        self._clock = SystemClock(loop)
        self._began_at = self._clock.wall()
        self._notices = [*settings.notices]
        self._audit = AuditFile(
            held.folder / AUDIT_NAME, clock=self._clock, waiting_lines=limits.audit_queue, told=_log.error
        )
        self._user_file = UserFile(held.folder)
        self._verifier = PasswordVerifier(
            waiting=limits.hashing_waiting,
            most_bytes=limits.password_bytes,
            workers=hashing_workers(os.cpu_count() or 1),
        )
        self._portal = Portal(
            self._load_users(), verifier=self._verifier, audit=self._audit, process_uid=os.geteuid()
        )
        self._reloads = Reloads(self._load_users, self._take_users)
        self._gate = Gate(limits, self._clock)
        self._spawner = ShimSpawner(loop, ProcessSettings(shims=limits.runs + limits.runs_of_builtins))
        self._runs = Runs(limits, spawner=self._spawner, clock=self._clock, audit=self._audit)
        self._desk = Desk(
            Catalogue([*settings.catalogue, self._reload_command()]),
            limits,
            runs=self._runs,
            clock=self._clock,
            connected=lambda: self._gate.connected,
            status=self._status,
        )

    async def open(self) -> Opened:
        """
        Open every door of the settings.

        Raises:
            DoorwardError: one of them cannot be opened; `close` lets go of what was opened before it.
        """
        self._audit.open()
        self._spawner.warm_up()
        if notice := allow_descriptors(self._settings.limits, doors=len(self._settings.doors)):
            self._notices.append(notice)
        for door in self._settings.doors.values():
            self._listen(door)
        while self._idle_listeners:
            listener = self._idle_listeners[0]
            door = self._settings.doors[listener.door]
            await self._gate.open(listener, self._line_door(door).connection)
            self._idle_listeners.pop(0)
        for name in self._settings.doors:
            self._doors[name] = tuple(each.name for each in self._listeners if each.door == name)
        self._held.write_doors(self._doors)
        return Opened(self._doors, self._settings, self._held.folder, tuple(self._notices))

    async def drain(self) -> None:
        """Accept nobody any more, and let what is under way come to its end, for a while."""
        self._gate.stop_accepting()
        try:
            self._held.remove_doors()
        except StateError as error:
            # a client that believes the file finds nobody there; what runs must not suffer for it
            _log.error("%s", error)
        until = self._clock.monotonic() + self._settings.limits.drain_seconds
        await self._runs.drain()
        # what a run wrote may not all be sent yet
        await self._gate.drain(max(until - self._clock.monotonic(), 0.0))

    async def close(self) -> None:
        """End everything that is left."""
        await self._runs.close()
        self._reloads.close()
        self._gate.close()
        self._verifier.close()
        await asyncio.to_thread(self._verifier.join)
        await self._audit.close()
        self._let_go_of_listeners()

    def reload(self) -> "asyncio.Future[str]":
        """
        Read the users of the state again; sessions of those who are gone or were changed end at once.

        Returns:
            What was done, one line; or a `DoorwardError` when they cannot be read, and the old ones stay. The
            reading begins after this call and is shared by all who ask before it begins: shield it.
        """
        return self._reloads.ask()

    # Inside

    def _let_go_of_listeners(self) -> None:
        for listener in self._idle_listeners:
            listener.socket.close()
        for listener in self._listeners:
            if listener.door == UNIX:
                Path(listener.name).unlink(missing_ok=True)

    def _take_users(self, users: tuple[User, ...]) -> str:
        ended = self._portal.replace_users(users)
        self._audit.record(
            AuditEvent(AuditKind.RELOAD, details={"users": len(users), "sessions_ended": ended})
        )
        return f"{len(users)} users, {ended} sessions ended\n"

    def _load_users(self) -> tuple[User, ...]:
        return merge_users(
            self._settings.users.values(),
            self._user_file.load(),
            configured_in=self._settings.file,
            stored_in=str(self._user_file.path),
        )

    def _listen(self, door: DoorSettings) -> None:
        if door.name == UNIX:
            path = Path(door.listen[0]) if door.listen else self._socket_path
            self._keep(listen_unix(door.name, path))
            return
        for text in door.listen:
            if self._settings.is_default:
                listener, notice = listen_somewhere(door.name, text)
                self._notices += [notice] if notice else []
            else:
                listener = listen_tcp(door.name, text, only_loopback=True)
            if listener is not None:
                self._keep(listener)

    def _keep(self, listener: Listener) -> None:
        """Own `listener` from now on, whatever becomes of the others."""
        self._listeners.append(listener)
        self._idle_listeners.append(listener)

    def _line_door(self, door: DoorSettings) -> LineDoor:
        return LineDoor(
            name=door.name,
            kind=door.session,
            knows_uid=door.name == UNIX,
            phrases=PHRASES[self._settings.language],
            limits=self._settings.limits,
            clock=self._clock,
            gate=self._gate,
            portal=self._portal,
            desk=self._desk,
        )

    def _reload_command(self) -> Command:
        async def reload(call: Call) -> str:
            return await asyncio.shield(self.reload())

        return Command(
            name="reload",
            summary="Read the users of the state again",
            action=Function(reload, takes_call=True, is_async=True),
            roles=frozenset({ADMIN}),
            is_builtin=True,
        )

    def _status(self) -> dict[str, object]:
        live = self._runs.history.live()
        return {
            "version": __version__,
            "pid": os.getpid(),
            "since": datetime.fromtimestamp(self._began_at, UTC).isoformat(timespec="seconds"),
            "configuration": self._settings.file or None,
            "state": str(self._held.folder),
            "doors": {name: list(addresses) for name, addresses in self._doors.items()},
            "connections": self._gate.connected,
            "visitors": self._gate.visitors,
            "turned_away": self._gate.turned_away,
            "runs": {
                "live": len(live) - self._runs.places.waiting,
                "waiting": self._runs.places.waiting,
                "could_not_be_killed": self._runs.given_up,
            },
            "audit_lines_lost": self._audit.lost_lines,
            "notices": list(self._notices),
        }


def allow_descriptors(limits: Limits, *, doors: int) -> str:
    """
    Raise this process's soft limit of descriptors as far as its doors and its runs may need.

    Returns:
        A notice when the hard limit does not allow that many; empty when it does.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    connections, runs = limits.connections * doors, limits.runs + limits.runs_of_builtins
    needed = connections + runs * DESCRIPTORS_OF_A_RUN + SPARE_DESCRIPTORS
    if soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(needed, hard), hard))
    if needed <= hard:
        return ""
    return (
        f"{connections} connections and {runs} runs at once want {needed} descriptors, "
        f"and the system allows {hard}"
    )
