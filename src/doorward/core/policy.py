"""The one question, for all doors: may this principal do this with this command through this door."""

import enum
from dataclasses import dataclass

from doorward.core.command import Command
from doorward.core.principal import GUEST, Principal


class Deed(enum.Enum):
    """What one may want to do with a command, or with a run of it."""

    SEE = "see"
    RUN = "run"
    ATTACH = "attach"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Permission:
    """
    The answer.

    Attributes:
        is_granted: whether.
        reason: why not, one line for the asker; empty when granted.
    """

    is_granted: bool
    reason: str = ""


GRANTED = Permission(True)

# every line is judged, and until Python 3.12 it takes 0.1 us to look up `Deed.ATTACH`
_ATTACH, _CANCEL = Deed.ATTACH, Deed.CANCEL


def judge(
    principal: Principal,
    deed: Deed,
    command: Command,
    *,
    door: str,
    owners: frozenset[str] = frozenset(),
) -> Permission:
    """
    Decide.

    Args:
        principal: who wants to.
        deed: what.
        command: with which command, or a run of which.
        door: the name of the door they came by.
        owners: the names of those who asked for the run, when the deed is about one.
    """
    if principal.only:
        return _judge_schedule(principal, deed, command)
    if command.doors is not None and door not in command.doors:
        return Permission(False, f"{command.name} cannot be asked for at this door")
    if principal.is_admin:
        return GRANTED
    if not _has_a_role_for(principal, command):
        return Permission(False, f"{principal.name} may not run {command.name}")
    if (deed is _ATTACH or deed is _CANCEL) and (principal.is_guest or principal.name not in owners):
        # the same words for a run of somebody else and for none, see the desk
        return Permission(False, "no such run of yours")
    return GRANTED


def _judge_schedule(principal: Principal, deed: Deed, command: Command) -> Permission:
    # who wrote the schedule wrote the command's roles and doors too, and named this command
    if deed is Deed.RUN and command.name == principal.only:
        return GRANTED
    return Permission(False, f"{principal.name} may run {principal.only} and nothing else")


def _has_a_role_for(principal: Principal, command: Command) -> bool:
    if command.roles is not None:
        return not command.roles.isdisjoint(principal.roles)
    return command.open_to_guests or not principal.is_guest


def who_can(command: Command) -> str:
    """Who may run `command`, in words."""
    if command.roles is None:
        return "everybody, guests too" if command.open_to_guests else "every user who logged in"
    if GUEST in command.roles:
        return "everybody, guests too"
    return "admin" if not command.roles - {"admin"} else f"{', '.join(sorted(command.roles))}, and admin"
