"""The catalogue's words for completion, from the daemon that runs or else from the configuration."""

import contextlib
import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from doorward.core.errors import DoorwardError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_WAIT_SECONDS = 0.5
"""A shell that waits longer for a list feels broken."""


def complete_line(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> "list[CompletionItem]":
    """Complete a line's words: a command's name, then its parameters and their choices."""
    from click.shell_completion import CompletionItem

    words: tuple[str, ...] = context.params.get(parameter.name or "") or ()
    commands = known_commands(context.params, os.environ)
    if not words:
        return [
            CompletionItem(name, help=summary)
            for name, summary in sorted((each["name"], each["summary"]) for each in commands)
            if name.startswith(incomplete)
        ]
    for each in commands:
        if each["name"] == words[0]:
            return [CompletionItem(word) for word in parameter_words(each, words[1:], incomplete)]
    return []


def complete_name(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> "list[CompletionItem]":
    """Complete the name of a command, and nothing after it."""
    return [] if context.params.get(parameter.name or "") else complete_line(context, parameter, incomplete)


def parameter_words(command: Mapping[str, Any], words: tuple[str, ...], incomplete: str) -> list[str]:
    """What may come after `words`: choices, and `name=` of each parameter that is not given yet."""
    parameters: list[Mapping[str, Any]] = command["parameters"]
    given = {word.partition("=")[0] for word in words if "=" in word}
    name, equals, _ = incomplete.partition("=")
    if equals:
        return [
            f"{name}={choice}"
            for each in parameters
            if each["name"] == name
            for choice in each["choices"]
            if f"{name}={choice}".startswith(incomplete)
        ]
    left = [each for each in parameters if each["name"] not in given]
    left = left[sum("=" not in word for word in words) :]
    found = [choice for each in left[:1] for choice in each["choices"]]
    found += [f"{each['name']}=" for each in left]
    return [word for word in found if word.startswith(incomplete)]


def known_commands(options: Mapping[str, Any], environment: Mapping[str, str]) -> list[dict[str, Any]]:
    """The commands as `help form=json` lists them; none when nobody can tell."""
    with contextlib.suppress(DoorwardError, OSError, ValueError):
        return _from_daemon(options, environment)
    with contextlib.suppress(DoorwardError, OSError):
        return _from_configuration(options, environment)
    return []


def _from_daemon(options: Mapping[str, Any], environment: Mapping[str, str]) -> list[dict[str, Any]]:
    from doorward.cli.daemon import Patience, Target, keep_answer

    if options.get("config"):
        raise ValueError("a configuration was named")
    target = Target(at=options.get("at"), state=options.get("state"))
    patience = Patience(connect_seconds=_WAIT_SECONDS, timeout_seconds=_WAIT_SECONDS)
    reply, kept = keep_answer(target, ("help", "form=json"), environment=environment, patience=patience)
    if reply.outcome is None or not reply.outcome.is_success:
        raise ValueError("no list of commands")
    found: list[dict[str, Any]] = json.loads(kept.out)
    return found


def _from_configuration(options: Mapping[str, Any], environment: Mapping[str, str]) -> list[dict[str, Any]]:
    from doorward.config import find_configuration, load_settings
    from doorward.service.verbs import help_json

    settings = load_settings(find_configuration(environment, options.get("config")))
    found: list[dict[str, Any]] = json.loads(help_json(settings.catalogue))
    return found
