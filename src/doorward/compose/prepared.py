"""All that a start or a reload needs before anything changes: read, checked, loaded, bound."""

import os
import ssl
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from doorward.core.backup_errands import BackupErrand
from doorward.core.builtin_commands import BACKUP, LATER
from doorward.core.catalogue import Catalogue
from doorward.core.command import Command, Function
from doorward.core.limits import Limits
from doorward.core.principal import User
from doorward.core.settings import SSH, WEB, DoorSettings, Settings
from doorward.core.tokens import Token, check_number
from doorward.core.users import merge_users
from doorward.gate.inherited import check_inherited
from doorward.gate.listeners import Listener, forget_path, listen_somewhere, listen_tcp, listen_unix
from doorward.stores.authorized_keys import with_authorized_keys
from doorward.stores.certificates import CertificatePair, load_door_pair, notices_of, server_context
from doorward.stores.host_key import HostKey, load_host_key
from doorward.stores.own_certificate import make_own_certificate
from doorward.stores.tokens import TokenFile
from doorward.stores.users import UserFile

if TYPE_CHECKING:
    from asyncssh import SSHServerConnectionOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """
    What is to be from now on.

    Attributes:
        settings: the configuration.
        catalogue: what can be asked for, the daemon's own commands among it.
        users: all of them, of the configuration and of the state.
        tokens: all of them; a user of theirs may be gone.
        pairs: certificate and key by the name of the door.
        contexts: of TLS, by the name of the door.
        host_key: of the SSH door; None when there is no such door.
        ssh_options: what AsyncSSH is told; None with it.
        listeners: all that are to be open; those that are open already among them.
        notices: what the keeper should know although it is no error.
    """

    settings: Settings
    catalogue: Catalogue
    users: tuple[User, ...] = ()
    tokens: tuple[Token, ...] = ()
    pairs: Mapping[str, CertificatePair] = field(default_factory=lambda: MappingProxyType({}))
    contexts: Mapping[str, ssl.SSLContext] = field(default_factory=lambda: MappingProxyType({}))
    host_key: HostKey | None = None
    ssh_options: "SSHServerConnectionOptions | None" = None
    listeners: tuple[Listener, ...] = ()
    notices: tuple[str, ...] = ()


class Preparation:
    """
    Prepares, which waits for disks: not on the loop.

    Args:
        folder: the state's.
        socket_path: where the unix door listens when the configuration does not say.
        inherited: the sockets that were made for this process.
        own_commands: what the daemon adds to every catalogue.
        answers: what it does for the commands whose action is `LATER`, by their names.
        wall: the time in seconds since 1970.
    """

    def __init__(
        self,
        folder: Path,
        *,
        socket_path: Path,
        inherited: Iterable[Listener],
        own_commands: Iterable[Command],
        answers: Mapping[str, Function],
        wall: Callable[[], float],
    ) -> None:
        self._folder = folder
        self._wall = wall
        self._socket_path = socket_path
        self._inherited = tuple(inherited)
        self._own_commands = tuple(own_commands)
        self._answers = answers
        self._user_file = UserFile(folder)
        self._token_file = TokenFile(folder)

    def catalogue(self, settings: Settings) -> Catalogue:
        """
        The commands of `settings`, and the daemon's own.

        Of these, one that some settings alone bring gives way to a command that somebody declared.

        Raises:
            CatalogueError: one of them has a name that is the daemon's own.
        """
        catalogue = Catalogue([*map(self._answered, settings.catalogue), *self._own_commands])
        backups = {each.name: each for each in settings.errands.values() if isinstance(each, BackupErrand)}
        if backups and BACKUP not in catalogue.commands:
            from doorward.compose.backup_command import backup_command

            catalogue.add(backup_command(backups))
        return catalogue

    def prepare(self, settings: Settings, open_now: Iterable[Listener]) -> Prepared:
        """
        Prepare everything anew.

        Args:
            settings: what is to be.
            open_now: listeners that are open; those that `settings` wants too are kept.

        Raises:
            DoorwardError: something cannot be; nothing that was bound for it stays.
        """
        catalogue = self.catalogue(settings)
        notices: list[str] = []
        users, tokens = self._load_users(settings, notices), self._load_tokens(settings)
        pairs = {
            door.name: self._pair(door, notices)
            for door in settings.doors.values()
            if self._is_encrypted(door, open_now)
        }
        contexts = _contexts(pairs, users)
        host_key, ssh_options = self._ssh(settings)
        # last, since nothing that is bound may be left behind by an error that comes after it
        listeners = self._listeners(settings, [*open_now], notices)
        return Prepared(
            settings=settings,
            catalogue=catalogue,
            users=users,
            tokens=tokens,
            pairs=MappingProxyType(pairs),
            contexts=contexts,
            host_key=host_key,
            ssh_options=ssh_options,
            listeners=listeners,
            notices=(*settings.notices, *notices),
        )

    def prepare_users(self, before: Prepared) -> Prepared:
        """
        What `before` is with the users and tokens as they stand in the state now.

        Raises:
            DoorwardError: they cannot be read, or do not go with the configuration.
        """
        users, tokens = self._load_users(before.settings, []), self._load_tokens(before.settings)
        return replace(before, users=users, tokens=tokens, contexts=_contexts(before.pairs, users))

    def _answered(self, command: Command) -> Command:
        """`command`, with what the daemon does for it."""
        return replace(command, action=self._answers[command.name]) if command.action is LATER else command

    def _load_users(self, settings: Settings, notices: list[str]) -> tuple[User, ...]:
        users = merge_users(
            settings.users.values(),
            self._user_file.load(),
            configured_in=settings.file,
            stored_in=str(self._user_file.path),
        )
        door = settings.doors.get(SSH)
        if door is None or not door.ssh.authorized_keys:
            return users
        return with_authorized_keys(users, door.ssh.authorized_keys, notices, uid=os.geteuid())

    def _ssh(self, settings: Settings) -> "tuple[HostKey | None, SSHServerConnectionOptions | None]":
        if (door := settings.doors.get(SSH)) is None:
            return None, None
        host_key = load_host_key(door.ssh, self._folder)
        from doorward.doors.ssh import server_options  # takes its time, and no loop waits for it here

        return host_key, server_options(
            door.ssh, settings.limits, private_key=host_key.private_key, certificate=host_key.certificate
        )

    def _load_tokens(self, settings: Settings) -> tuple[Token, ...]:
        tokens = self._token_file.load()
        check_number(len(tokens), most=settings.limits.tokens, file=str(self._token_file.path))
        return tokens

    def _pair(self, door: DoorSettings, notices: list[str]) -> CertificatePair:
        now = self._wall()
        if not door.certificate:
            make_own_certificate(self._folder, host=os.uname().nodename, wall_seconds=now)
        pair = load_door_pair(door, self._folder)
        notices += notices_of(pair, wall_seconds=now)
        return pair

    def _is_encrypted(self, door: DoorSettings, open_now: Iterable[Listener]) -> bool:
        """Whether TLS is spoken anywhere at `door`: at the addresses asked for, or at inherited sockets."""
        inherited = [each for each in (*open_now, *self._inherited) if each.is_inherited]
        return door.is_encrypted or any(
            door.encrypts(each.name) for each in inherited if each.door == door.name
        )

    def _listeners(
        self, settings: Settings, open_now: list[Listener], notices: list[str]
    ) -> tuple[Listener, ...]:
        taken: list[Listener] = []
        inherited = self._take_inherited(settings, open_now)
        before = tuple(open_now)
        with ExitStack() as stack:
            for door in settings.doors.values():
                of_door = [listener for listener in inherited if listener.door == door.name]
                taken += of_door
                for asked in () if of_door else self._addresses(door):
                    if (listener := _find(open_now, door.name, asked)) is None:
                        listener = self._listen(door, asked, settings, before, notices)
                        if listener is None:
                            continue
                        stack.callback(let_go, listener)
                    taken.append(listener)
            stack.pop_all()
        return tuple(taken)

    def _listen(
        self,
        door: DoorSettings,
        asked: str,
        settings: Settings,
        beside: tuple[Listener, ...],
        notices: list[str],
    ) -> Listener | None:
        if door.kind.is_path:
            return listen_unix(door.name, Path(asked))
        if settings.is_default:
            listener, notice = listen_somewhere(door.name, asked)
            notices += [notice] if notice else []
            return listener
        return listen_tcp(door.name, asked, only_loopback=door.kind.only_loopback, beside=beside)

    def _take_inherited(self, settings: Settings, open_now: list[Listener]) -> list[Listener]:
        doors = {name: door.kind for name, door in settings.doors.items()}
        inherited = [each for each in open_now if each.is_inherited and each.door in doors]
        if not open_now:
            inherited = [*self._inherited]
        for listener in inherited:
            check_inherited(listener, doors=doors)
        return inherited

    def _addresses(self, door: DoorSettings) -> tuple[str, ...]:
        return door.listen if door.listen else (str(self._socket_path),)


def let_go(listener: Listener) -> None:
    """Close a listener; the path of a unix socket that we made goes with it."""
    forget_path(listener)
    listener.socket.close()


def changed_at_start_only(before: Limits, after: Limits) -> tuple[str, ...]:
    """The limits that changed and count from the next start."""
    names = ("audit_queue", "function_threads", "hashing_waiting", "password_bytes")
    return tuple(name for name in names if getattr(before, name) != getattr(after, name))


def _find(listeners: list[Listener], door: str, asked: str) -> Listener | None:
    """Take the first of `listeners` that this address of the door was asked of."""
    for index, listener in enumerate(listeners):
        if (listener.door, listener.asked) == (door, asked):
            return listeners.pop(index)
    return None


def _contexts(pairs: Mapping[str, CertificatePair], users: Iterable[User]) -> Mapping[str, ssl.SSLContext]:
    certificates = [user.certificate for user in users if user.certificate is not None]
    return MappingProxyType(
        {
            # a browser would ask its user which certificate to show, and a session is begun by a form
            name: server_context(pair, client_certificates=() if name == WEB else certificates)
            for name, pair in pairs.items()
        }
    )
