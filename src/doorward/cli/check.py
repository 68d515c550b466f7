"""`doorward check`."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from doorward.cli.examples import WithExamples
from doorward.cli.options import config_option, json_option, state_option
from doorward.cli.screen import STATUS_FAILED, counted
from doorward.core.errors import one_line

if TYPE_CHECKING:
    from doorward.cli.configured import StoredUsers
    from doorward.config.cautions import Caution
    from doorward.core.errors import DoorwardError
    from doorward.core.settings import Settings


@click.command(
    "check",
    cls=WithExamples,
    examples=(
        "doorward check",
        "doorward check ./doorward.toml && systemctl restart doorward",
        "doorward check --state .doorward",
        "doorward check --json | jq '.problems[].line'",
    ),
)
@config_option
@state_option(
    "Compare with the users of this state; otherwise with those of $STATE_DIRECTORY, or of your own."
)
@json_option
@click.argument("file", required=False, type=click.Path(readable=False, path_type=Path), metavar="[FILE]")
def command(*, config: Path | None, state: str | None, as_json: bool, file: Path | None) -> int:
    """
    Look a configuration over, and tell everything that is wrong with it, and what deserves a second look.

    FILE is the same as --config FILE. Nothing is started, no daemon is asked, and no address is tried: a
    port may still be taken. Exit status 1: a daemon with this configuration and this state would not start.
    Warnings leave it 0.

    A running daemon goes on with the configuration that it began with until it is started anew: a reload
    reads the users of the state only.
    """
    from doorward.cli.configured import examined_state
    from doorward.cli.second_looks import empty_roles, users_without_door
    from doorward.config import examine, find_configuration
    from doorward.config.cautions import warnings_of

    if file is not None and config is not None:
        raise click.UsageError("give FILE or --config FILE, not both")
    found = find_configuration(os.environ, config or file)
    examination = examine(found)
    settings = examination.settings
    stored = examined_state(settings, state, os.environ)
    users = (*(settings.users.values() if settings is not None else ()), *stored.users)
    problems = (*examination.problems, *stored.problems)
    warnings: list[Caution] = []
    notices: tuple[str, ...] = ()
    if settings is not None:
        warnings = [*warnings_of(settings), *empty_roles(settings.catalogue, users)]
        notices = (*settings.notices, *users_without_door(users))
    if as_json:
        click.echo(json.dumps(_members(found, stored, problems, warnings, notices), ensure_ascii=False))
    else:
        for line in (*map(str, problems), *(f"warning: {text}" for text in (*warnings, *notices))):
            click.echo(one_line(line))
        click.echo(_summary(found, settings, stored, len(problems)))
    return STATUS_FAILED if problems else 0


def _summary(file: Path | None, settings: "Settings | None", stored: "StoredUsers", problems: int) -> str:
    subject = str(file) if file is not None else "There is no configuration file; the defaults"
    if settings is None or problems:
        return f"{subject}: {counted(problems, 'problem')}."
    declared = sum(not command.is_builtin for command in settings.catalogue)
    verb = "is" if file is not None else "are"
    users = counted(len(settings.users) + len(stored.users), "user")
    origin = f", {len(stored.users)} of them in {stored.folder}" if stored.users else ""
    return (
        f"{subject} {verb} good: doors {', '.join(settings.doors)}; "
        f"{counted(declared, 'command')} beside the built-in ones; {users}{origin}."
    )


def _members(
    file: Path | None,
    stored: "StoredUsers",
    problems: "tuple[DoorwardError, ...]",
    warnings: "list[Caution]",
    notices: tuple[str, ...],
) -> dict[str, object]:
    return {
        "file": str(file) if file is not None else None,
        "state": str(stored.folder) if stored.folder is not None else None,
        "is_good": not problems,
        "problems": [
            {
                "text": str(problem),
                **{
                    name: getattr(problem, name)
                    for name in ("file", "line", "key", "problem", "expected", "found")
                    if getattr(problem, name, None)
                },
            }
            for problem in problems
        ],
        "warnings": [
            {"command": each.command, "what": each.what, "why": each.why, "remedy": each.remedy}
            for each in warnings
        ],
        "notices": list(notices),
    }
