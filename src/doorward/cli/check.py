"""`doorward check`."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from doorward.cli.examples import WithExamples
from doorward.cli.options import FILE, config_option, json_option, state_option
from doorward.cli.screen import STATUS_FAILED
from doorward.core.counts import how_many
from doorward.core.errors import one_line

if TYPE_CHECKING:
    from doorward.cli.configured import StoredUsers
    from doorward.cli.units import ExaminedUnit
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
        "doorward check --unit /etc/systemd/system/doorward.service",
        "doorward check --json | jq '.problems[].line'",
    ),
)
@config_option
@state_option(
    "Compare with the users of this state; otherwise with those of $STATE_DIRECTORY, or of your own."
)
@click.option(
    "--unit",
    type=FILE,
    metavar="FILE",
    help="The unit that runs the daemon; otherwise /etc/systemd/system/doorward.service, if it is there, for "
    "the configuration in /etc/doorward.",
)
@json_option
@click.argument("file", required=False, type=FILE, metavar="[FILE]")
def command(
    *, config: Path | None, state: str | None, unit: Path | None, as_json: bool, file: Path | None
) -> int:
    """
    Look a configuration over, and tell everything that is wrong with it, and what deserves a second look.

    FILE is the same as --config FILE. Nothing is started, no daemon is asked, and no address is tried: a
    port may still be taken. Exit status 1: a daemon with this configuration and this state would not start.
    Warnings leave it 0.

    With a unit of systemd, its drop-ins included, a command that it would not let run is a problem too.

    A running daemon takes a changed configuration when it is told to: SIGHUP, `systemctl reload doorward` or
    `doorward ask reload`.
    """
    from doorward.cli.backup_looks import backups_looked_over
    from doorward.cli.certificate_looks import looked_over
    from doorward.cli.configured import examined_state, state_passed_over
    from doorward.cli.cve_looks import keys_looked_over
    from doorward.cli.mail_looks import mail_looked_over
    from doorward.cli.second_looks import empty_roles, logins_of_nobody, users_without_door
    from doorward.cli.ssh_looks import ssh_looked_over
    from doorward.cli.units import examined_unit
    from doorward.config import examine, find_configuration
    from doorward.config.cautions import warnings_of

    if file is not None and config is not None:
        raise click.UsageError("give FILE or --config FILE, not both")
    found = find_configuration(os.environ, config or file)
    service = examined_unit(unit, found)
    examination = examine(found, machine=service.machine)
    settings = examination.settings
    environment = service.environment(os.environ)
    stored = examined_state(settings, state, environment)
    users = (*(settings.users.values() if settings is not None else ()), *stored.users)
    problems = (*examination.problems, *stored.problems, *service.problems_with(settings))
    warnings: list[Caution] = []
    notices: tuple[str, ...] = ()
    if settings is not None:
        warnings = [
            *warnings_of(settings, uid=service.machine.uid),
            *empty_roles(settings, users),
        ]
        certificates = looked_over(settings, stored.folder, users, machine=service.machine)
        ssh = ssh_looked_over(settings, stored.folder, users, machine=service.machine)
        problems = (*problems, *certificates.problems, *ssh.problems)
        notices = (
            *filter(None, [_unread(found)]),
            *filter(None, [state_passed_over(state, environment)]),
            *settings.notices,
            *certificates.notices,
            *ssh.notices,
            *users_without_door(users, settings.doors),
            *logins_of_nobody(settings, users),
            *mail_looked_over(settings.mail),
            *keys_looked_over(settings),
            *backups_looked_over(settings),
        )
    if as_json:
        members = _members(found, stored, service, problems=problems, warnings=warnings, notices=notices)
        click.echo(json.dumps(members, ensure_ascii=False))
    else:
        for line in (*map(str, problems), *(f"warning: {text}" for text in (*warnings, *notices))):
            click.echo(one_line(line))
        click.echo(_summary(found, settings, stored, service, len(problems)))
    return STATUS_FAILED if problems else 0


def _unread(found: Path | None) -> str:
    """What to tell whoever has a configuration in the current folder and looks over another; or nothing."""
    here = Path("doorward.toml")
    if not here.exists() or (found is not None and found.exists() and found.samefile(here)):
        return ""
    return "./doorward.toml is not read unless it is named: doorward check doorward.toml"


def _summary(
    file: Path | None,
    settings: "Settings | None",
    stored: "StoredUsers",
    service: "ExaminedUnit",
    problems: int,
) -> str:
    subject = str(file) if file is not None else "There is no configuration file; the defaults"
    if settings is None or problems:
        return f"{subject}: {how_many(problems, 'problem')}."
    declared = sum(not command.is_builtin for command in settings.catalogue)
    clock = "".join(
        f"{how_many(number, noun)}; "
        for number, noun in ((len(settings.schedules), "schedule"), (len(settings.errands), "errand"))
        if number
    )
    verb = "is" if file is not None else "are"
    users = how_many(len(settings.users) + len(stored.users), "user")
    origin = f", {len(stored.users)} of them in {stored.folder}" if stored.users else ""
    ran = f"; run by {service.file}" if service.file else ""
    return (
        f"{subject} {verb} good: doors {', '.join(settings.doors)}; "
        f"{how_many(declared, 'command')} beside the built-in ones; {clock}{users}{origin}{ran}."
    )


def _members(
    file: Path | None,
    stored: "StoredUsers",
    service: "ExaminedUnit",
    *,
    problems: "tuple[DoorwardError, ...]",
    warnings: "list[Caution]",
    notices: tuple[str, ...],
) -> dict[str, object]:
    return {
        "file": str(file) if file is not None else None,
        "state": str(stored.folder) if stored.folder is not None else None,
        "unit": service.file or None,
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
