"""`doorward check`."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from doorward.cli.examples import WithExamples
from doorward.cli.options import config_option, json_option
from doorward.cli.screen import STATUS_FAILED, printable

if TYPE_CHECKING:
    from doorward.config.cautions import Caution
    from doorward.core.errors import DoorwardError
    from doorward.core.settings import Settings


@click.command(
    "check",
    cls=WithExamples,
    examples=(
        "doorward check",
        "doorward check --config ./doorward.toml && systemctl reload doorward",
        "doorward check --json | jq '.problems[].line'",
    ),
)
@config_option
@json_option
def command(*, config: Path | None, as_json: bool) -> int:
    """
    Look a configuration over, and tell everything that is wrong with it, and what deserves a second look.

    Nothing is started and no daemon is asked. Exit status 1: the daemon would not start with it, or would
    keep the old one at a reload. Warnings leave it 0.
    """
    from doorward.config import examine, find_configuration
    from doorward.config.cautions import warnings_of

    file = find_configuration(os.environ, config)
    examination = examine(file)
    settings = examination.settings
    warnings = warnings_of(settings) if settings is not None else []
    notices = settings.notices if settings is not None else ()
    if as_json:
        click.echo(json.dumps(_members(file, examination.problems, warnings, notices), ensure_ascii=False))
    else:
        for line in (
            *map(str, examination.problems),
            *(f"warning: {text}" for text in (*warnings, *notices)),
        ):
            click.echo(printable(line))
        click.echo(_summary(file, settings, len(examination.problems)))
    return STATUS_FAILED if examination.problems else 0


def _summary(file: Path | None, settings: "Settings | None", problems: int) -> str:
    subject = str(file) if file is not None else "There is no configuration file; the defaults"
    if settings is None:
        return f"{subject}: {problems} problem{'s' if problems > 1 else ''}."
    declared = sum(not command.is_builtin for command in settings.catalogue)
    verb = "is" if file is not None else "are"
    return (
        f"{subject} {verb} good: doors {', '.join(settings.doors)}; "
        f"{declared} commands beside the built-in ones; {len(settings.users)} users."
    )


def _members(
    file: Path | None,
    problems: "tuple[DoorwardError, ...]",
    warnings: "list[Caution]",
    notices: tuple[str, ...],
) -> dict[str, object]:
    return {
        "file": str(file) if file is not None else None,
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
