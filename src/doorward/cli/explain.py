"""`doorward explain`."""

import json
from collections.abc import Mapping
from pathlib import Path

import click

from doorward.cli.completing import complete_line
from doorward.cli.examples import WithExamples
from doorward.cli.options import config_option, json_option
from doorward.core.columns import aligned
from doorward.core.command import Command, Function, Program, Verb
from doorward.core.invocation import Invocation, bind, find_command, launch_of
from doorward.core.launch import Launch
from doorward.core.limits import Limits
from doorward.core.policy import who_can
from doorward.core.secret import REDACTED, Secret
from doorward.core.settings import Settings


@click.command(
    "explain",
    context_settings={"allow_interspersed_args": False},
    cls=WithExamples,
    examples=(
        "doorward explain df",
        "doorward explain ping example.org count=5",
        "doorward explain --json df | jq .argv",
    ),
)
@config_option
@json_option
@click.argument("words", nargs=-1, required=True, metavar="COMMAND [ARGS]...", shell_complete=complete_line)
def command(*, config: Path | None, as_json: bool, words: tuple[str, ...]) -> None:
    """
    Tell what asking for COMMAND with ARGS would run.

    That is the exact vector, its user, environment, folder and limits, by which doors, and for whom. It is
    read from the configuration; nothing runs and no daemon is asked. Without ARGS that must be there, the
    vector is shown as it was declared. A secret shows as dots.

    Exit status 126: the ARGS would be refused; 127: there is no such command.
    """
    from doorward.cli.configured import settings_of

    settings = settings_of(config)
    found = find_command(settings.catalogue.commands, words[0])
    members = explanation(found, words[1:], settings)
    click.echo(json.dumps(members, ensure_ascii=False) if as_json else as_text(members), nl=as_json)


def explanation(command: Command, words: tuple[str, ...], settings: Settings) -> dict[str, object]:
    """
    What would happen, as members for JSON.

    Raises:
        BadArgument: `words` would be refused.
    """
    invocation = _bound(command, words, settings.limits)
    return {
        "command": command.name,
        "summary": command.summary,
        **_action_members(command, invocation, settings.limits),
        "values": _values(invocation) if invocation is not None else None,
        "doors": [door for door in settings.doors if command.doors is None or door in command.doors],
        "who": who_can(command),
        "read_only": command.read_only,
        "shared": command.is_shareable and not isinstance(command.action, Verb),
        "detach": command.detach,
        "limits": limits_of(command, settings.limits),
    }


def _bound(command: Command, words: tuple[str, ...], limits: Limits) -> Invocation | None:
    """The invocation; None when no words came and some must."""
    if not words and any(parameter.is_required for parameter in command.parameters):
        return None
    invocation = bind(command, words, limits)
    if invocation.paths:
        from doorward.service.paths import follow_paths

        invocation = invocation.with_values(follow_paths(invocation.paths))
    return invocation


def _action_members(command: Command, invocation: Invocation | None, limits: Limits) -> dict[str, object]:
    match command.action:
        case Program() as program if invocation is not None:
            return _launch_members(launch_of(invocation, program, limits), invocation)
        case Program(executable, elements):
            return {
                "action": "program",
                "declared": [executable, *(element.shown for element in elements)],
                "user": command.action.user or _own_user(),
            }
        case Function() if command.is_builtin:
            return {"action": "the daemon's own answer"}
        case Function(function, takes_call, is_async):
            return {
                "action": "function",
                "function": f"{function.__module__}:{function.__qualname__}",
                "runs": "on the event loop" if is_async else "in a thread",
                "knows_the_caller": takes_call,
            }
        case Verb():
            return {"action": "the daemon's own answer"}


def _launch_members(launch: Launch, invocation: Invocation) -> dict[str, object]:
    names = [each.name for each in invocation.command.parameters if each.name in invocation.values]
    secrets = [name for name in names if isinstance(invocation.values[name], Secret)]
    members: dict[str, object] = {
        "action": "program",
        "argv": list(launch.argv),
        "user": launch.user or _own_user(),
        "folder": launch.folder,
        "environment": dict(launch.environment),
        "input": "the caller's" if launch.takes_input else "empty",
    }
    if secrets:
        members["secrets"] = {
            f"/dev/fd/{number}": f"{name} ({REDACTED})" for number, name in enumerate(secrets, start=3)
        }
    if launch.resources:
        members["resources"] = dict(launch.resources)
    return members


def _values(invocation: Invocation) -> dict[str, object]:
    return {
        name: REDACTED if isinstance(value, Secret) else value for name, value in invocation.values.items()
    }


def _own_user() -> str:
    return "the daemon's own"


def limits_of(command: Command, limits: Limits) -> dict[str, object]:
    """Every limit of a run of `command`, by its name, with the unit in it."""
    own = {
        name: getattr(limits, name) if getattr(command, name) is None else getattr(command, name)
        for name in ("timeout_seconds", "output_bytes", "input_bytes", "linger_seconds")
    }
    places = limits.runs_of_builtins if command.has_own_places else limits.runs
    return {
        **own,
        "fresh_seconds": command.fresh_seconds,
        "at_once": min(command.at_once or places, places),
        "at_once_per_user": limits.runs_per_user,
        "at_once_of_guests": limits.runs_of_guests,
        "queue": limits.queue,
        "queue_seconds": limits.queue_seconds,
        "grace_seconds": limits.grace_seconds,
        "arguments": limits.arguments,
        "argument_bytes": limits.argument_bytes,
    }


# For people


def as_text(members: Mapping[str, object]) -> str:
    """`members` as lines: a label and a value each, tables one line a part."""
    rows: list[tuple[str, str]] = []
    for name, value in members.items():
        label = name.replace("_", " ")
        if isinstance(value, Mapping):
            parts = [_part(name, str(key), each) for key, each in value.items()]
            rows += [("" if index else label, part) for index, part in enumerate(parts)]
        elif value not in (None, "", []):
            rows.append((label, _vector(value) if isinstance(value, list) else _plain(value)))
    return aligned(rows, indent="")


def _part(name: str, key: str, value: object) -> str:
    return f"{key}={value}" if name == "environment" else f"{key} = {_plain(value)}"


def _vector(values: list[object]) -> str:
    """Each element in quotes: where one begins and ends is the point."""
    return "[" + ", ".join(json.dumps(str(value), ensure_ascii=False) for value in values) + "]"


def _plain(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:g}"
        case _:
            return str(value)
