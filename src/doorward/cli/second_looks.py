"""What deserves a second look once the users are known: those of the configuration and those of the state."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from doorward.config.cautions import Caution
from doorward.core.command import Command
from doorward.core.principal import ADMIN, GUEST, User
from doorward.core.settings import TLS, UNIX, DoorSettings, Settings
from doorward.core.users import doors_for

_WANTS = MappingProxyType({TLS: "a password or a certificate", UNIX: "a uid"})
"""What a user needs at each door that knows users."""


def empty_roles(commands: Iterable[Command], users: Iterable[User]) -> list[Caution]:
    """Warn of each role that a command names and no user has: a misspelt one lets nobody in."""
    had = {ADMIN, GUEST}.union(*(user.roles for user in users))
    return [
        Caution(
            command=command.name,
            what=f"no user has the role {role}",
            why="it lets nobody in",
            remedy=f"correct it, or add a user with it: doorward user add NAME --role {role}",
        )
        for command in commands
        for role in sorted((command.roles or frozenset()) - had)
    ]


def users_without_door(users: Iterable[User], doors: Mapping[str, DoorSettings]) -> tuple[str, ...]:
    """Tell of each user who can come in by none of `doors`."""
    wants = [_WANTS[name] for name in doors if name in _WANTS]
    remedy = f"open are {', '.join(doors)}" + (f"; give {' or '.join(wants)}" if wants else "")
    return tuple(
        f"users.{user.name}: this user can come in by no open door; {remedy}"
        for user in users
        if not doors_for(user, doors.values())
    )


def logins_of_nobody(settings: Settings, users: Iterable[User]) -> tuple[str, ...]:
    """
    Tell of a tls door at which nobody can log in, or with nothing but a certificate though it names a user.

    Without a configuration the first start makes somebody.
    """
    door = settings.doors.get(TLS)
    known = {user.name: user for user in users}
    if door is None or settings.is_default:
        return ()
    if door.user and door.user not in known:
        problem = f"no user {door.user} is known here, so nobody can log in with a password"
        return (f"doors.tls.user: {problem}; type: doorward user add {door.user}",)
    if door.user and known[door.user].password_hash is None:
        problem = f"{door.user} has no password, so nobody can log in with one"
        return (f"doors.tls.user: {problem}; type: doorward user passwd {door.user}",)
    if not any(doors_for(user, [door]) for user in known.values()):
        return ("doors.tls: no user has a password or a certificate; type: doorward user add NAME",)
    return ()
