"""`doorward who-can`."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import click

from doorward.cli.completing import complete_name
from doorward.cli.examples import WithExamples
from doorward.cli.options import config_option, json_option, state_option
from doorward.cli.screen import complain
from doorward.core.columns import aligned
from doorward.core.command import Command
from doorward.core.errors import one_line
from doorward.core.policy import Deed, judge, who_can
from doorward.core.principal import Login, Principal, User, guest, principal_of, system_administrator
from doorward.core.settings import DOOR_KINDS, Comers, Settings
from doorward.core.users import doors_for


@click.command(
    "who-can",
    cls=WithExamples,
    examples=(
        "doorward who-can df",
        "doorward who-can reboot --json | jq '.people[].name'",
    ),
)
@config_option
@state_option("The state folder, for the users that stand in it.")
@json_option
@click.argument("name", metavar="COMMAND", shell_complete=complete_name)
def command(*, config: Path | None, state: str | None, as_json: bool, name: str) -> None:
    """
    Tell who may ask for COMMAND, and by which doors.

    It is read from the configuration and the users of the state, not from a daemon.

    Exit status 127: there is no such command.
    """
    from doorward.cli.configured import all_users, settings_of, state_passed_over
    from doorward.core.invocation import find_command

    settings = settings_of(config)
    found = find_command(settings.catalogue.commands, name)
    people = people_of(found, settings, all_users(settings, state, os.environ))
    if said := state_passed_over(state, os.environ):
        complain(said)
    click.echo(_json(found, settings, people) if as_json else _text(found, settings, people), nl=as_json)


@dataclass(frozen=True, slots=True)
class Person:
    """
    Somebody who may.

    Attributes:
        name: the user's, or words for those without one.
        roles: beside `guest`.
        doors: by which doors, in order.
    """

    name: str
    roles: tuple[str, ...]
    doors: tuple[str, ...]


def people_of(command: Command, settings: Settings, users: tuple[User, ...]) -> list[Person]:
    """Who may ask for `command` by at least one of the doors that are open."""
    asked: list[tuple[str, Principal, frozenset[str]]] = [
        ("whoever does not log in", guest(), _doors_of(Comers.GUESTS)),
        ("root and the daemon's own user", system_administrator(), _doors_of(Comers.USERS_BY_UID)),
    ]
    for user in users:
        doors = frozenset(doors_for(user, settings.doors.values()))
        asked.append((user.name, principal_of(user, Login.UID), doors))
    people = []
    for name, principal, by in asked:
        through = tuple(
            door
            for door in settings.doors
            if door in by and judge(principal, Deed.RUN, command, door=door).is_granted
        )
        if through:
            people.append(Person(name, tuple(sorted(principal.roles - {"guest"})), through))
    return people


def _doors_of(comers: Comers) -> frozenset[str]:
    return frozenset(name for name, kind in DOOR_KINDS.items() if kind.comers is comers)


def _text(command: Command, settings: Settings, people: list[Person]) -> str:
    lines = [f"{command.name} may be asked for by {who_can(command)}."]
    if command.doors is not None:
        shut = sorted(command.doors - set(settings.doors))
        rest = f" (not open: {', '.join(shut)})" if shut else ""
        lines.append(f"Only by these doors: {', '.join(sorted(command.doors))}{rest}.")
    if not people:
        lines.append("As things stand, nobody can.")
    text = "".join(f"{one_line(line)}\n" for line in lines)
    rows = [("WHO", "DOORS", "ROLES")] if people else []
    rows += [(each.name, ", ".join(each.doors), ", ".join(each.roles)) for each in people]
    return text + aligned(rows)


def _json(command: Command, settings: Settings, people: list[Person]) -> str:
    return json.dumps(
        {
            "command": command.name,
            "who": who_can(command),
            "roles": sorted(command.roles) if command.roles is not None else None,
            "guests": any(
                judge(guest(), Deed.RUN, command, door=door).is_granted for door in _doors_of(Comers.GUESTS)
            ),
            "doors": [door for door in settings.doors if command.doors is None or door in command.doors],
            "people": [
                {"name": each.name, "roles": list(each.roles), "doors": list(each.doors)} for each in people
            ],
        },
        ensure_ascii=False,
    )
