"""What deserves a second look once the users are known: those of the configuration and those of the state."""

from collections.abc import Iterable

from doorward.config.cautions import Caution
from doorward.core.command import Command
from doorward.core.principal import ADMIN, GUEST, User


def empty_roles(commands: Iterable[Command], users: Iterable[User]) -> list[Caution]:
    """Warn of each role that a command names and no user has: a misspelt one lets nobody in."""
    had = {ADMIN, GUEST}.union(*(user.roles for user in users))
    return [
        Caution(
            command=command.name,
            what=f"no user has the role {role}",
            why="it lets nobody in",
            remedy=f"correct it, or add a user with it: doorward user add NAME --uid UID --role {role}",
        )
        for command in commands
        for role in sorted((command.roles or frozenset()) - had)
    ]


def users_without_door(users: Iterable[User]) -> tuple[str, ...]:
    """Tell of each user who can come in by no door."""
    return tuple(
        f"users.{user.name}: this user can come in by no door yet, as none of this version takes a password "
        "or a key; give a uid"
        for user in users
        if user.uid is None
    )
