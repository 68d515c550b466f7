"""What the unit that runs the daemon would not let its commands do."""

import os
import posixpath
import pwd
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from doorward.config import capabilities
from doorward.config.interpreters import started_programs
from doorward.config.machine import ExecutableMissing, Machine
from doorward.config.unit_file import YES, Assignment, Section, read_service
from doorward.config.unit_template import HIDING, stands_below
from doorward.core.command import Command, Program
from doorward.core.errors import ConfigurationError

SYSTEM_UNIT = Path("/etc/systemd/system/doorward.service")

ELEVATORS = frozenset({"sudo", "doas", "su", "pkexec"})

BECOMING = frozenset({"CAP_SETUID", "CAP_SETGID", "CAP_KILL"})
"""What a daemon needs that runs a command as another user, and is to end it too."""

IMPLY_NO_NEW_PRIVILEGES = (
    *("RestrictSUIDSGID", "PrivateDevices", "ProtectClock", "ProtectHostname", "ProtectKernelTunables"),
    *("ProtectKernelModules", "ProtectKernelLogs", "RestrictAddressFamilies", "RestrictNamespaces"),
    *("RestrictRealtime", "LockPersonality", "MemoryDenyWriteExecute", "SystemCallArchitectures"),
    "SystemCallFilter",
)
"""
Without CAP_SYS_ADMIN each of these that is on has systemd set no_new_privs, whatever NoNewPrivileges= says.

Source: systemd.exec(5) of systemd 252, and every one tried there.
"""

_LISTS = frozenset({"RestrictAddressFamilies", "SystemCallArchitectures", "SystemCallFilter"})
_HAVE_SETUID = frozenset({"@setuid", "@privileged", "@system-service", "@known", "setresuid"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """
    What a file gives whoever executes it.

    Attributes:
        changes_user: set-user-ID.
        changes_group: set-group-ID.
        capabilities: by their names, `CAP_NET_RAW`.
    """

    changes_user: bool = False
    changes_group: bool = False
    capabilities: frozenset[str] = capabilities.NONE


RightsOf = Callable[[str], Rights]


class ServiceMachine(Machine):
    """The machine as the daemon of a unit sees it; whether it may become another user, `refusals` tells."""

    __slots__ = ()

    @property
    def is_root(self) -> bool:
        """Not asked of the machine: the unit's own answer names its line."""
        return True


@dataclass(frozen=True, slots=True)
class Unit:
    """
    A service unit.

    Attributes:
        file: where it stands.
        service: its section `[Service]`, drop-ins included.
    """

    file: str
    service: Section

    @property
    def user(self) -> str:
        """Whom it runs as, a name or a number; empty for root."""
        name = self.service.text("User")
        if not name and self.service.is_yes("DynamicUser"):
            return Path(self.file).stem
        return "" if name in ("root", "0") else name

    @property
    def is_root(self) -> bool:
        """Whether it runs as root."""
        return not self.user

    @property
    def bounding_set(self) -> frozenset[str]:
        """The capabilities that nothing it starts can go beyond."""
        return capabilities.listed(self.service.each("CapabilityBoundingSet"), initial=capabilities.ALL)

    @property
    def ambient_set(self) -> frozenset[str]:
        """The capabilities that all it starts has."""
        return capabilities.listed(self.service.each("AmbientCapabilities"), initial=capabilities.NONE)

    @property
    def state_folder(self) -> str:
        """Where its state stands; empty when the unit does not say."""
        names = self.service.text("StateDirectory").split()
        return f"/var/lib/{names[0].partition(':')[0]}" if names else ""

    def no_new_privileges(self) -> Assignment | None:
        """The line that keeps all it starts from gaining rights by executing a file, if there is one."""
        names: Iterable[str] = ("NoNewPrivileges", "DynamicUser")
        if not self.is_root or "CAP_SYS_ADMIN" not in self.bounding_set:
            names = (*names, *IMPLY_NO_NEW_PRIVILEGES)
        return next((self.service.last(name) for name in names if self._is_on(name)), None)

    def hides(self, path: str) -> Assignment | None:
        """The line by which it does not see what stands at `path`, which is absolute; None when it does."""
        for name, folders in HIDING.items():
            line = self.service.last(name)
            if line is not None and stands_below(path, folders) and line.value.lower() in (*YES, "tmpfs"):
                return line
        return None

    def _is_on(self, name: str) -> bool:
        if name in _LISTS:
            return self.service.last(name) is not None
        if name == "RestrictNamespaces":  # yes, or a list
            return self.service.text(name).lower() not in ("", "0", "no", "n", "false", "f", "off")
        return self.service.is_yes(name)

    def lets_become_others(self) -> bool:
        """Whether its filter of system calls lets setresuid(2) pass."""
        passes, is_begun = True, False
        for assignment in self.service.each("SystemCallFilter"):
            denies = assignment.value.startswith("~")
            words = {word.partition(":")[0] for word in assignment.value.removeprefix("~").split()}
            if not words:
                passes, is_begun = True, False
            elif not is_begun:
                # the first list says what becomes of all that is in none
                passes, is_begun = denies, True
            if words & _HAVE_SETUID:
                passes = not denies
        return passes


def read_unit(file: Path) -> Unit:
    """
    Read a unit and its drop-ins.

    Raises:
        ConfigurationError: one of the files cannot be read.
    """
    return Unit(str(file), read_service(file))


def service_machine(user: str) -> ServiceMachine:
    """The machine as `user`, a name or a number, sees it; as whoever asks does when there is no such user."""
    uid = user_number(user)
    return ServiceMachine() if uid is None else ServiceMachine(uid=uid)


def user_number(user: str) -> int | None:
    """The uid of `user`, empty for root; None when the machine has no such user."""
    if not user:
        return 0
    if user.isascii() and user.isdigit():
        return int(user)
    try:
        return pwd.getpwnam(user).pw_uid
    except (KeyError, ValueError):
        return None


def rights_of(path: str) -> Rights:
    """Ask the system; a file that cannot be looked at gives nothing."""
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return Rights()
    try:
        attribute = os.getxattr(path, "security.capability")
    except OSError:
        attribute = b""
    return Rights(
        changes_user=bool(mode & stat.S_ISUID),
        changes_group=bool(mode & stat.S_ISGID),
        capabilities=capabilities.of_file(attribute),
    )


def user_making(name: str, *, home: str) -> str:
    """What root types to make a user whom a service can run as, and who cannot log in."""
    return f"useradd --system --user-group --home-dir {home} --shell /usr/sbin/nologin {name}"


def missing_user(unit: Unit) -> list[ConfigurationError]:
    """Tell when the machine has no user of the name that the unit runs as."""
    line = unit.service.last("User")
    if line is None or unit.service.is_yes("DynamicUser") or user_number(unit.user) is not None:
        return []
    remedy = user_making(unit.user, home=unit.state_folder or "/")
    return [
        ConfigurationError(
            f"this machine has no user {unit.user}; make it: {remedy}",
            key="User",
            file=line.file,
            line=line.line,
        )
    ]


def refusals(
    commands: Iterable[Command], unit: Unit, *, machine: Machine, rights: RightsOf = rights_of
) -> list[ConfigurationError]:
    """
    Tell of each command that would fail under `unit`, with the line of the unit that stands in its way.

    Args:
        commands: as they were loaded, with `machine`.
        unit: what runs the daemon.
        machine: whose programs count.
        rights: what a file gives.
    """
    found: list[ConfigurationError] = []
    for command in commands:
        if isinstance(command.action, Program):
            found += _about_place(command.name, command.action, unit)
            found += _about_user(command.name, command.action, unit)
            found += _about_rights(command.name, command.action, unit, machine, rights)
    return found


def _about_place(name: str, program: Program, unit: Unit) -> Iterator[ConfigurationError]:
    for path in dict.fromkeys((program.executable, os.path.realpath(program.executable))):
        if (line := unit.hides(path)) is not None:
            yield _refusal(
                f"commands.{name}.run",
                f"{path} cannot be seen from {unit.file}, which says {line}",
                "put the program elsewhere, below /usr/local for example, or lift that in a drop-in",
                line,
            )
            return


def _about_user(name: str, program: Program, unit: Unit) -> Iterator[ConfigurationError]:
    if not program.user:
        return
    line: Assignment | None = None
    if not unit.is_root:
        line = unit.service.last("User") or unit.service.last("DynamicUser")
    elif BECOMING - unit.bounding_set:
        line = unit.service.each("CapabilityBoundingSet")[-1]
    elif not unit.lets_become_others():
        line = unit.service.last("SystemCallFilter")
    if line is not None:
        yield _refusal(
            f"commands.{name}.user",
            f"it wants to run as {program.user}, and {unit.file} says {line}",
            f"leave user out and let the unit's own user do it, or add a drop-in with User=root, "
            f"CapabilityBoundingSet={' '.join(sorted(BECOMING))} and SystemCallFilter=@setuid",
            line,
        )


def _about_rights(
    name: str, program: Program, unit: Unit, machine: Machine, rights: RightsOf
) -> Iterator[ConfigurationError]:
    if unit.is_root:
        return
    for path in started_programs(program, lambda word: _resolved(word, machine)):
        wanted = _wanted(path, rights(path), unit)
        line = _denied_by(unit, wanted.needs) if wanted is not None else None
        if wanted is not None and line is not None:
            problem = f"{path} gains rights by {wanted.means}, and what {unit.file} starts cannot"
            yield _refusal(f"commands.{name}.run", f"{problem}, as it says {line}", wanted.remedy, line)
            return


def _resolved(word: str, machine: Machine) -> str | None:
    try:
        return machine.resolve(word)
    except (ExecutableMissing, ValueError):
        return None


@dataclass(frozen=True, slots=True)
class _Wanted:
    """How a program gains rights, the capabilities that it is no use without, and what to do instead."""

    means: str
    needs: frozenset[str]
    remedy: str


_BY_POLKIT = "let polkit allow the unit's own user what it does, or lift that in a drop-in"


def _wanted(path: str, rights: Rights, unit: Unit) -> _Wanted | None:
    """How the program at `path` gains rights that it does not have anyway; None when it gains none."""
    if posixpath.basename(path) in ELEVATORS:
        return _Wanted("being set-user-ID", frozenset({"CAP_SETUID", "CAP_SETGID"}), _BY_POLKIT)
    if rights.changes_user:
        return _Wanted("being set-user-ID", capabilities.NONE, _BY_POLKIT)
    if rights.changes_group:
        remedy = "give the unit the group by SupplementaryGroups=, or lift that in a drop-in"
        return _Wanted("being set-group-ID", capabilities.NONE, remedy)
    if rights.capabilities - unit.ambient_set:
        names = " ".join(sorted(rights.capabilities))
        drop_in = f"CapabilityBoundingSet={names} and AmbientCapabilities={names}"
        remedy = f"use one that needs none, or add a drop-in with {drop_in}"
        return _Wanted(f"carrying {names}", rights.capabilities, remedy)
    return None


def _denied_by(unit: Unit, needs: frozenset[str]) -> Assignment | None:
    """The line that keeps a program from rights which come with its file, and from the use of them."""
    if (line := unit.no_new_privileges()) is not None:
        return line
    return unit.service.each("CapabilityBoundingSet")[-1] if needs - unit.bounding_set else None


def _refusal(key: str, problem: str, remedy: str, line: Assignment) -> ConfigurationError:
    text = f"{problem}; {remedy} (systemctl edit {posixpath.basename(SYSTEM_UNIT)}; docs/systemd.md)"
    return ConfigurationError(text, key=key, file=line.file, line=line.line)
