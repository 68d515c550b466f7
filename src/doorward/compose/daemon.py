"""The one place where objects are built and wired."""

import asyncio
import logging
import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping

from doorward import __version__
from doorward.compose.clockwork import Clockwork
from doorward.compose.cve_answers import CveAnswers
from doorward.compose.descriptors import allow_descriptors, most_connections
from doorward.compose.figures import daemon_figures
from doorward.compose.mail_watch import MailWatch
from doorward.compose.opened import Opened
from doorward.compose.prepared import Preparation, Prepared, changed_at_start_only
from doorward.compose.protocols import Protocols
from doorward.compose.reloading import Reloads, Scope, reload_command, tell_of_failure
from doorward.core.audit import AuditEvent, AuditKind
from doorward.core.authorized_keys import authority_of
from doorward.core.command import Function
from doorward.core.counts import how_many
from doorward.core.cve_command import CVE
from doorward.core.errors import DoorwardError, StateError
from doorward.core.figures import Figure
from doorward.core.moments import iso_utc
from doorward.core.settings import WEB, Settings
from doorward.gate.gate import Gate
from doorward.gate.listeners import Listener, forget_path
from doorward.processes.settings import ProcessSettings
from doorward.processes.spawner import ShimSpawner
from doorward.service.desk import Desk
from doorward.service.portal import Portal
from doorward.service.runs import Runs
from doorward.service.tallies import Tallies
from doorward.stores.audit import AUDIT_NAME, AuditFile
from doorward.stores.clock import SystemClock
from doorward.stores.first_start import FirstUser, make_first_user
from doorward.stores.passwords import PasswordVerifier, hashing_workers
from doorward.stores.places import StatePlace, socket_path
from doorward.stores.state import HeldState
from doorward.stores.users import UserFile

_log = logging.getLogger("doorward.daemon")

ReadSettings = Callable[[], Settings]

_MAIL_SECONDS = 3.0
"""For the answer to a message that is under way at the end, whatever time is left: cut off it comes twice."""

_READING_SECONDS = 1.0
"""For a reading that is under way at the end, so that nothing is left of what it bound; a disk may hang."""


class Daemon:
    """
    All objects of one daemon, on the running loop.

    Args:
        settings: what is to be.
        place: where the state stands.
        held: the same, held.
        environment: of the process, which says where the unix socket goes.
        inherited: listening sockets that were made for this process.
        is_seen: what is told once the doors are open is read by a person, and not kept in a log.
        read_settings: reads the configuration again; called in a thread, and may raise a `DoorwardError`.

    Raises:
        StateError: the unix socket has no place.
        CatalogueError: a command of the settings has a name that is the daemon's own.
    """

    def __init__(
        self,
        settings: Settings,
        place: StatePlace,
        held: HeldState,
        *,
        environment: Mapping[str, str],
        read_settings: ReadSettings,
        inherited: Iterable[Listener] = (),
        is_seen: bool = False,
    ) -> None:
        limits = settings.limits
        self._held = held
        self._read_settings = read_settings
        self._is_seen = is_seen
        loop = asyncio.get_running_loop()
        self._clock = SystemClock(loop)
        self._mail = MailWatch(held.folder, settings, self._clock)
        answers = CveAnswers(held.folder, self._mail, self._clock, lambda: self._now.settings.limits)
        self._preparation = Preparation(
            held.folder,
            socket_path=socket_path(place, environment),
            inherited=inherited,
            own_commands=(reload_command(self.reload),),
            answers={CVE: Function(answers.answer, takes_call=False, is_async=True)},
            wall=self._clock.wall,
        )
        self._now = Prepared(settings=settings, catalogue=self._preparation.catalogue(settings))
        self._began_with = limits
        self._began_at = self._clock.wall()
        self._descriptor_notice = ""
        self._has_stopped_accepting = False
        self._last_reload: dict[str, object] | None = None
        self._newest_reload: asyncio.Future[str] | None = None
        self._audit = AuditFile(
            held.folder / AUDIT_NAME, clock=self._clock, waiting_lines=limits.audit_queue, told=_log.error
        )
        self._tallies = Tallies(self._audit)
        self._verifier = PasswordVerifier(
            waiting=limits.hashing_waiting,
            most_bytes=limits.password_bytes,
            workers=hashing_workers(os.cpu_count() or 1),
        )
        self._portal = Portal(
            (),
            verifier=self._verifier,
            audit=self._tallies,
            clock=self._clock,
            process_uid=os.geteuid(),
            checks_per_source=limits.hashing_per_source,
        )
        self._reloads = Reloads(self._read_again, self._take, discard=self._discard)
        self._gate = Gate(
            limits,
            self._clock,
            audit=self._tallies,
            most=most_connections(limits),
            chance=secrets.SystemRandom().random,
        )
        self._spawner = ShimSpawner(loop, ProcessSettings(shims=limits.runs + limits.runs_of_builtins))
        self._runs = Runs(limits, spawner=self._spawner, clock=self._clock, audit=self._tallies)
        self._desk = Desk(
            self._now.catalogue,
            limits,
            runs=self._runs,
            clock=self._clock,
            connected=lambda: self._gate.connected,
            status=self._status,
            schedules=self._schedules,
        )
        self._clockwork = Clockwork(self._mail, self._desk, self._clock, settings)
        self._protocols = Protocols(
            clock=self._clock,
            gate=self._gate,
            portal=self._portal,
            desk=self._desk,
            figures=self._figures,
        )

    @property
    def doors(self) -> Mapping[str, tuple[str, ...]]:
        """By name, the addresses that are listened on."""
        return _by_door(self._now.listeners)

    @property
    def drain_seconds(self) -> float:
        """How long running commands get at the end."""
        return self._now.settings.limits.drain_seconds

    async def open(self) -> Opened:
        """
        Open every door of the settings.

        Raises:
            DoorwardError: one of them cannot be opened; `close` lets go of what was opened before it.
        """
        self._audit.open()
        self._spawner.warm_up()
        first_user, prepared = await asyncio.to_thread(self._begin)
        await self._take_over(prepared)
        self._reloads.begin()
        self._mail.begin()
        return Opened(
            doors=self.doors,
            settings=prepared.settings,
            users=prepared.users,
            state_folder=self._held.folder,
            notices=self._notices(),
            certificates={name: pair.own for name, pair in prepared.pairs.items()},
            host_key="" if prepared.host_key is None else prepared.host_key.fingerprint,
            first_user=first_user,
        )

    async def drain(self) -> None:
        """Accept nobody any more, and let what is under way come to its end, for a while."""
        self._reloads.close()
        self._stop_accepting()
        try:
            self._held.remove_doors()
        except StateError as error:
            # a client that believes the file finds nobody there; what runs must not suffer for it
            _log.error("%s", error)
        self._clockwork.stop()
        self._mail.stop()
        until = self._clock.monotonic() + self.drain_seconds
        await self._runs.drain()
        await self._clockwork.close()
        # what a run wrote may not all be sent yet
        await self._gate.drain(max(until - self._clock.monotonic(), 0.0))
        await self._mail.drain(max(until - self._clock.monotonic(), _MAIL_SECONDS))

    async def close(self) -> None:
        """End everything that is left."""
        self._clockwork.stop()
        await self._runs.close()
        await self._clockwork.close()
        await self._mail.close()
        self._reloads.close()
        await self._reloads.ended(_READING_SECONDS)
        self._portal.close()
        self._protocols.close()
        self._stop_accepting()
        self._gate.close()
        self._verifier.close()
        await asyncio.to_thread(self._verifier.join)
        await self._audit.close()

    def reload(self, scope: Scope = Scope.EVERYTHING) -> "asyncio.Future[str]":
        """
        Read the configuration, the certificates and the users again, or the users with their tokens alone.

        All of it counts at once or, after an error, none. Runs and connections go on, fresh answers are
        forgotten, new doors open before old ones close. Sessions of users and tokens that are gone or were
        changed end.

        Returns:
            What was done, one line; or the `DoorwardError` for which everything stays as it was. The reading
            begins after this call, and not before `open` is through. It is shared by all who ask before it
            begins: shield it.
        """
        reload = self._reloads.ask(scope)
        # those who ask before it begins share it, and it is noted once
        if reload is not self._newest_reload:
            self._newest_reload = reload
            reload.add_done_callback(self._note_reload)
        return reload

    def _begin(self) -> tuple[FirstUser | None, Prepared]:
        settings = self._now.settings
        first_user = make_first_user(
            UserFile(self._held.folder), is_default=settings.is_default, is_seen=self._is_seen
        )
        return first_user, self._preparation.prepare(settings, ())

    # Reloading

    def _read_again(self, scope: Scope) -> Prepared:
        if scope is Scope.USERS:
            return self._preparation.prepare_users(self._now)
        return self._preparation.prepare(self._read_settings(), self._now.listeners)

    async def _take(self, prepared: Prepared) -> str:
        limits = prepared.settings.limits
        ended = await self._take_over(prepared)
        counted = {} if ended is None else {"sessions_ended": ended}
        known = {"users": len(prepared.users), "tokens": len(prepared.tokens)}
        self._tallies.record(AuditEvent(AuditKind.RELOAD, details={**known, **counted}))
        later = changed_at_start_only(self._began_with, limits)
        sessions = "some sessions" if ended is None else how_many(ended, "session")
        return (
            f"doors {', '.join(prepared.settings.doors)}; {how_many(len(prepared.catalogue), 'command')}"
            f"; {how_many(len(prepared.users), 'user')}, {sessions} ended"
            + (f"; from the next start: {', '.join(later)}" if later else "")
            + "\n"
        )

    async def _take_over(self, prepared: Prepared) -> int | None:
        """Have `prepared` count from now on; how many sessions that ended, None when nobody can say."""
        before, limits = self._now, prepared.settings.limits
        try:
            protocols = {listener: self._protocols.of(listener, prepared) for listener in prepared.listeners}
            for listener in self._fresh(prepared):
                await self._gate.open(listener, protocols[listener])
            renew = self._protocols.renewal(prepared.settings)
            await self._clockwork.prepare(prepared.settings)
            self._held.write_doors(_by_door(prepared.listeners))
        except BaseException:
            self._discard(prepared)
            raise
        # from here on there is no way back, so nothing may raise
        self._now = prepared
        web = prepared.settings.doors.get(WEB)
        self._descriptor_notice = allow_descriptors(
            limits, doors=len(prepared.settings.doors), shows_files=web is not None and bool(web.mounts)
        )
        self._gate.replace_limits(limits, most=most_connections(limits))
        self._spawner.replace_most(limits.runs + limits.runs_of_builtins)
        self._portal.replace_checks_per_source(limits.hashing_per_source)
        self._desk.replace_catalogue(prepared.catalogue, limits)
        renew()
        self._mail.renew(prepared.settings)
        self._clockwork.renew(prepared.settings)
        ended = self._replace_credentials(prepared)
        for listener in before.listeners:
            if listener in prepared.listeners:
                self._gate.renew(listener, protocols[listener])
            else:
                forget_path(listener)
                self._gate.shut(listener)
        return ended

    def _replace_credentials(self, prepared: Prepared) -> int | None:
        try:
            return self._portal.replace_credentials(
                prepared.users,
                prepared.tokens,
                authorities=[
                    authority_of(line)
                    for door in prepared.settings.doors.values()
                    for line in door.ssh.authorities
                ],
            )
        except Exception:  # noqa: BLE001 - logged
            # all of them count, and every session that had to was ended: one of those did not take it well
            _log.exception("a session could not be ended in an orderly way")
            return None

    def _discard(self, prepared: Prepared) -> None:
        """Let go of what was bound for `prepared`, which does not count."""
        for listener in self._fresh(prepared):
            forget_path(listener)
            # the end of the daemon may have shut it already
            if listener in self._gate.listeners:
                self._gate.shut(listener)
            listener.socket.close()

    def _fresh(self, prepared: Prepared) -> list[Listener]:
        return [listener for listener in prepared.listeners if listener not in self._now.listeners]

    def _note_reload(self, reload: "asyncio.Future[str]") -> None:
        if reload.cancelled():
            return
        error = reload.exception()
        at = iso_utc(self._clock.wall())
        problem = None if error is None else str(error) if isinstance(error, DoorwardError) else repr(error)
        self._last_reload = {"at": at, "problem": problem}
        if error is None:
            _log.info("reloaded: %s", reload.result().strip())
        else:
            tell_of_failure(error)

    # Inside

    def _stop_accepting(self) -> None:
        if self._has_stopped_accepting:
            # by now another daemon may listen at our paths
            return
        self._has_stopped_accepting = True
        for listener in self._now.listeners:
            forget_path(listener)
        self._gate.stop_accepting()

    def _notices(self) -> tuple[str, ...]:
        descriptors = [self._descriptor_notice] if self._descriptor_notice else []
        return (*self._now.notices, *descriptors, *self._mail.notices)

    def _figures(self) -> Iterator[Figure]:
        return daemon_figures(
            gate=self._gate, runs=self._runs, tallies=self._tallies, audit_lines_lost=self._audit.lost_lines
        )

    def _schedules(self) -> list[dict[str, object]]:
        return self._clockwork.report()

    def _status(self) -> dict[str, object]:
        live = self._runs.history.live()
        return {
            "version": __version__,
            "pid": os.getpid(),
            "since": iso_utc(self._began_at),
            "configuration": self._now.settings.file or None,
            "state": str(self._held.folder),
            "doors": {name: list(addresses) for name, addresses in self.doors.items()},
            "certificates": {name: pair.facts for name, pair in self._now.pairs.items()},
            "connections": self._gate.connected,
            "visitors": self._gate.visitors,
            "turned_away": dict(self._gate.turned_away),
            "shut_out": self._gate.shut_out,
            "runs": {
                "live": len(live) - self._runs.places.waiting,
                "waiting": self._runs.places.waiting,
                "could_not_be_killed": self._runs.given_up,
            },
            "audit_lines_lost": self._audit.lost_lines,
            "last_reload": self._last_reload,
            "notices": list(self._notices()),
        }


def _by_door(listeners: Iterable[Listener]) -> dict[str, tuple[str, ...]]:
    doors: dict[str, tuple[str, ...]] = {}
    for listener in listeners:
        doors[listener.door] = (*doors.get(listener.door, ()), listener.name)
    return doors
