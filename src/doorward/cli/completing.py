"""The catalogue's words for completion, from the daemon that runs or else from the configuration."""

import contextlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from doorward.core.errors import DoorwardError, one_line

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_OF_RUNS = frozenset({"attach", "cancel"})
_WAIT_SECONDS = 0.5
"""A shell that waits longer for a list feels broken."""


def complete_line(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> "list[CompletionItem]":
    """Complete a line's words: a command's name, then its parameters and their choices."""
    from click.shell_completion import CompletionItem

    words: tuple[str, ...] = context.params.get(parameter.name or "") or ()
    if len(words) == 1 and words[0] in _OF_RUNS:
        return _run_items(context.params, incomplete, is_live=words[0] == "cancel")
    commands = known_commands(context.params, os.environ)
    if not words or words == ("help",):
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


def complete_run(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> "list[CompletionItem]":
    """Complete the number of a run; for `cancel` of a live one."""
    return _run_items(context.params, incomplete, is_live=context.info_name == "cancel")


def complete_user(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> "list[CompletionItem]":
    """Complete the name of a user of the state."""
    from doorward.stores.users import UserFile

    def users(folder: Path) -> Iterator[tuple[str, str]]:
        return ((user.name, ", ".join(sorted(user.roles))) for user in UserFile(folder).load())

    return _stored_items(context, users, incomplete)


def complete_token(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> "list[CompletionItem]":
    """Complete the ID of a token of the state."""
    from doorward.stores.tokens import TokenFile

    def tokens(folder: Path) -> Iterator[tuple[str, str]]:
        return ((token.id, f"{token.user} {token.summary}".strip()) for token in TokenFile(folder).load())

    return _stored_items(context, tokens, incomplete)


def _stored_items(
    context: click.Context, words: Callable[[Path], Iterable[tuple[str, str]]], incomplete: str
) -> "list[CompletionItem]":
    """Complete one of the `words`, each with what it is, that stand in the folder of the state."""
    from click.shell_completion import CompletionItem

    from doorward.stores.places import state_place

    with contextlib.suppress(DoorwardError, OSError):
        folder = state_place(context.params.get("state"), os.environ).folder
        return [
            CompletionItem(word, help=about) for word, about in words(folder) if word.startswith(incomplete)
        ]
    return []


def _run_items(options: Mapping[str, Any], incomplete: str, *, is_live: bool) -> "list[CompletionItem]":
    from click.shell_completion import CompletionItem

    with contextlib.suppress(DoorwardError, OSError, ValueError):
        return [
            CompletionItem(str(run["run"]), help=one_line(run["words"]))
            for run in _told_by_daemon(("runs", "form=json"), options, os.environ)
            if str(run["run"]).startswith(incomplete) and not (is_live and run["outcome"])
        ]
    return []


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
    if options.get("config"):
        raise ValueError("a configuration was named")
    return _told_by_daemon(("help", "form=json"), options, environment)


def _told_by_daemon(
    words: tuple[str, ...], options: Mapping[str, Any], environment: Mapping[str, str]
) -> list[dict[str, Any]]:
    from doorward.cli.daemon import Patience, keep_answer
    from doorward.cli.options import target_for_completion

    target = target_for_completion(options)
    patience = Patience(connect_seconds=_WAIT_SECONDS, timeout_seconds=_WAIT_SECONDS)
    reply, kept = keep_answer(target, words, environment=environment, patience=patience)
    if reply.outcome is None or not reply.outcome.is_success:
        raise ValueError("the daemon gave no list")
    found: list[dict[str, Any]] = json.loads(kept.out)
    return found


def _from_configuration(options: Mapping[str, Any], environment: Mapping[str, str]) -> list[dict[str, Any]]:
    from doorward.config import find_configuration, load_settings
    from doorward.service.verbs import help_json

    settings = load_settings(find_configuration(environment, options.get("config")))
    found: list[dict[str, Any]] = json.loads(help_json(settings.catalogue))
    return found
