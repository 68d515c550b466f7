"""What deserves a second look once the users are known: those of the configuration and those of the state."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from doorward.config.cautions import Caution
from doorward.core.principal import ADMIN, GUEST, User
from doorward.core.settings import Comers, DoorSettings, Settings
from doorward.core.users import doors_for

_WANTS = MappingProxyType(
    {
        Comers.GUESTS: "",
        Comers.USERS_WITH_PASSWORD: "a password or a certificate",
        Comers.USERS_WITH_PASSWORD_OR_KEY: "a password or a key of SSH",
        Comers.USERS_BY_UID: "a uid",
    }
)
"""What a user needs at a door by which these come; at one that knows no users, nothing would help."""


def empty_roles(settings: Settings, users: Iterable[User]) -> list[Caution]:
    """
    Warn of each role that a command names and no user has: a misspelt one lets nobody in.

    A command of a schedule is passed over: it runs without anybody who may.
    """
    scheduled = {schedule.command for schedule in settings.schedules.values()}
    had = {ADMIN, GUEST}.union(*(user.roles for user in users))
    return [
        Caution(
            command=command.name,
            what=f"no user has the role {role}",
            why="it lets nobody in" if (command.roles or frozenset()) & had else "only admin gets in",
            remedy=f"correct it, or add a user with it: doorward user add NAME --role {role}",
        )
        for command in settings.catalogue
        if command.name not in scheduled
        for role in sorted((command.roles or frozenset()) - had)
    ]


def users_without_door(users: Iterable[User], doors: Mapping[str, DoorSettings]) -> tuple[str, ...]:
    """Tell of each user who can come in by none of `doors`."""
    return tuple(
        f"users.{user.name}: this user can come in by no open door; {_way_in(user, doors)}"
        for user in users
        if not doors_for(user, doors.values())
    )


def _way_in(user: User, doors: Mapping[str, DoorSettings]) -> str:
    """Which doors are open, and what would let `user` in."""
    wants = list(dict.fromkeys(filter(None, (_want_of(user, door) for door in doors.values()))))
    return f"open are {', '.join(doors)}" + (f"; give {' or '.join(wants)}" if wants else "")


def _want_of(user: User, door: DoorSettings) -> str:
    if door.kind.comers is Comers.USERS_WITH_PASSWORD and door.user not in {"", user.name}:
        return f"a certificate (doors.{door.name}.user has it ask for the password of {door.user} alone)"
    return _WANTS[door.kind.comers]


def logins_of_nobody(settings: Settings, users: Iterable[User]) -> tuple[str, ...]:
    """
    Tell of each door at which nobody can log in, or with nothing but a certificate though it names a user.

    Without a configuration the first start makes somebody.
    """
    if settings.is_default:
        return ()
    known = {user.name: user for user in users}
    doors = (door for door in settings.doors.values() if door.kind.asks_login)
    return tuple(filter(None, (_flaw_of_logins(door, known) for door in doors)))


def _flaw_of_logins(door: DoorSettings, known: Mapping[str, User]) -> str:
    if door.user and door.user not in known:
        problem = f"no user {door.user} is known here, so nobody can log in with a password"
        return f"doors.{door.name}.user: {problem}; type: doorward user add {door.user}"
    if door.user and known[door.user].password_hash is None:
        problem = f"{door.user} has no password, so nobody can log in with one"
        return f"doors.{door.name}.user: {problem}; type: doorward user passwd {door.user}"
    if not any(doors_for(user, [door]) for user in known.values()):
        return f"doors.{door.name}: no user has {_WANTS[door.kind.comers]}; type: doorward user add NAME"
    return ""
