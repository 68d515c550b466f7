"""`doorward errands`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from doorward.cli.configured import settings_of, tell_passed_over
from doorward.cli.examples import GroupWithExamples, WithExamples
from doorward.cli.options import config_option, json_option, state_option
from doorward.cli.screen import complain, complain_of
from doorward.core.columns import aligned
from doorward.core.errands import errand_name, errands_called
from doorward.core.errors import ConfigurationError, DoorwardError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from doorward.cli.outbox import Sent
    from doorward.compose.mail_room import MailRoom
    from doorward.core.errands import Errand
    from doorward.core.settings import Settings
    from doorward.errands.gone import Gone


@click.group(
    "errands",
    cls=GroupWithExamples,
    examples=("doorward errands list", "doorward errands run feed.security"),
)
def command() -> None:
    """
    See what the daemon goes out for by the clock, and have it done now.

    The tables [errands.KIND.NAME] of the configuration say what: feeds (feed), vulnerabilities (cve)
    and backups (backup).
    """


@command.command(
    "list",
    cls=WithExamples,
    examples=("doorward errands list", "doorward errands list --json | jq -r '.[].errand'"),
)
@config_option
@json_option
def list_errands(*, config: Path | None, as_json: bool) -> None:
    """List the errands of a configuration; `doorward schedules` tells how far a daemon is with them."""
    # no state has a part in it
    tell_passed_over("", config)
    from doorward.cli.errand_shown import errand_members, errand_row

    errands = [errand for _, errand in sorted(settings_of(config).errands.items())]
    if as_json:
        click.echo(json.dumps([*map(errand_members, errands)], ensure_ascii=False))
    elif errands:
        click.echo(aligned([*map(errand_row, errands)], indent=""), nl=False)
    else:
        click.echo("No errands.")


def _complete(context: click.Context, _parameter: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    from click.shell_completion import CompletionItem

    try:
        errands = settings_of(context.params.get("config")).errands
    except (DoorwardError, OSError):
        return []
    return [CompletionItem(name) for name in sorted(errands) if name.startswith(incomplete)]


@command.command(
    "run",
    cls=WithExamples,
    examples=("doorward errands run feed.security", "doorward errands run --state .doorward security"),
)
@click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=_complete)
@state_option("The state that knows what was told; otherwise $STATE_DIRECTORY, or your own state folder.")
@config_option
def run(*, names: tuple[str, ...], state: str | None, config: Path | None) -> int:
    """
    Go on errands now, whenever they are due: `feed.NAME`, or just NAME where no other kind has it.

    What is new is told by mail, as when the clock has it done, and is not told again. A running daemon
    delivers it; without one this command does. One errand that fails holds up no other.

    The exit status is 0 when all of them were done; 125 when a feed or a source did not come or the mail
    waits, 1 when what came cannot be used or the mail was refused.
    """
    from doorward.cli.outbox import given_options, has_daemon, report, with_outbox

    tell_passed_over(state, config)
    settings = settings_of(config)
    errands = [errand_called(name, settings) for name in dict.fromkeys(names)]
    is_daemons = has_daemon(state)
    status = 0
    for errand in errands:

        async def go(room: "MailRoom", errand: "Errand" = errand) -> "tuple[Gone, list[Sent]]":
            return await _go(room, errand, settings, is_daemons=is_daemons)

        try:
            gone, sent = with_outbox(state, settings, go, make=True)
        except DoorwardError as error:
            status = max(status, complain_of(error))
            continue
        told = _tell(errand, gone)
        given = given_options(state, config)
        status = max((status, told, *(report(each, given=given) for each in sent)))
    return status


async def _go(
    room: "MailRoom", errand: "Errand", settings: "Settings", *, is_daemons: bool
) -> "tuple[Gone, list[Sent]]":
    import asyncio

    from doorward.cli.outbox import send_now
    from doorward.compose.errand_going import ErrandGoing
    from doorward.stores.clock import SystemClock

    clock = SystemClock(asyncio.get_running_loop())
    gone = await ErrandGoing(room.database, clock, lambda: settings).go(errand)
    sent = await send_now(room, gone.mails, has_daemon=is_daemons) if gone.mails else []
    return gone, sent


def _tell(errand: "Errand", gone: "Gone") -> int:
    """Say what came of it; returns the exit status."""
    name = errand_name(errand)
    click.echo(f"{name}: {gone.text}")
    for note in gone.notes:
        complain(f"{name}: {note}")
    return max(map(complain_of, gone.troubles), default=0)


def errand_called(name: str, settings: "Settings") -> "Errand":
    """
    The errand that is meant by `feed.news`, or by `news` where no other kind has that name.

    Raises:
        ConfigurationError: there is none, or more than one.
    """
    names = errands_called(name, settings.errands)
    if len(names) == 1:
        return settings.errands[names[0]]
    if names:
        hint = f"there are several errands {name[:64]!r}: say {' or '.join(names)}"
        raise ConfigurationError(hint, file=settings.file)
    from doorward.core.nearest import nearest_name, suggestion

    known = {each: each for each in settings.errands}
    known |= {errand.name: each for each, errand in settings.errands.items()}
    hint = suggestion(known.get(nearest_name(name, known), "")) or "; `doorward errands list` has them"
    raise ConfigurationError(f"there is no errand {name[:64]!r}{hint}", file=settings.file)
