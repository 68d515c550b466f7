"""`doorward errands`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from doorward.cli.configured import settings_of, tell_passed_over
from doorward.cli.examples import GroupWithExamples, WithExamples
from doorward.cli.options import config_option, json_option, state_option
from doorward.cli.screen import aligned, complain, complain_of
from doorward.core.errors import ConfigurationError, DoorwardError, one_line
from doorward.errands.feed_schedules import FEED_PREFIX

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from doorward.cli.outbox import Sent
    from doorward.compose.mail_room import MailRoom
    from doorward.core.feed_errands import FeedErrand
    from doorward.core.settings import Settings
    from doorward.errands.feed_watch import Watched


@click.group(
    "errands",
    cls=GroupWithExamples,
    examples=("doorward errands list", "doorward errands run feed.security"),
)
def command() -> None:
    """
    See what the daemon goes out for by the clock, and have it done now.

    The tables [errands.feed.NAME] of the configuration say which feeds are watched.
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
    errands = sorted(settings_of(config).feeds.values(), key=lambda errand: errand.name)
    if as_json:
        click.echo(json.dumps([_members(errand) for errand in errands], ensure_ascii=False))
    elif errands:
        click.echo(aligned([_row(errand) for errand in errands], indent=""), nl=False)
    else:
        click.echo("No errands.")


def _complete(context: click.Context, _parameter: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    from click.shell_completion import CompletionItem

    try:
        feeds = settings_of(context.params.get("config")).feeds
    except (DoorwardError, OSError):
        return []
    names = (f"{FEED_PREFIX}{name}" for name in sorted(feeds))
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


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
    Go on errands now, whenever they are due: `feed.NAME`, or just NAME.

    What is new is told by mail, as when the clock has it done, and is not told again. A running daemon
    delivers it; without one this command does. One errand that fails holds up no other.

    The exit status is 0 when all of them were done; 125 when a feed did not come or its mail waits, 1 when
    what came is no feed or the mail was refused.
    """
    from doorward.cli.outbox import given_options, has_daemon, report, with_outbox

    tell_passed_over(state, config)
    settings = settings_of(config)
    errands = [_errand(name, settings) for name in dict.fromkeys(names)]
    is_daemons = has_daemon(state)
    status = 0
    for errand in errands:

        async def go(room: "MailRoom", errand: "FeedErrand" = errand) -> "tuple[Watched, list[Sent]]":
            return await _go(room, errand, settings, is_daemons=is_daemons)

        try:
            watched, sent = with_outbox(state, settings, go, make=True)
        except DoorwardError as error:
            status = max(status, complain_of(error))
            continue
        _tell(errand, watched)
        given = given_options(state, config)
        status = max((status, *(report(each, given=given) for each in sent)))
    return status


async def _go(
    room: "MailRoom", errand: "FeedErrand", settings: "Settings", *, is_daemons: bool
) -> "tuple[Watched, list[Sent]]":
    import asyncio

    from doorward.cli.outbox import send_now
    from doorward.compose.feeds import WatchedFeeds
    from doorward.stores.clock import SystemClock

    clock = SystemClock(asyncio.get_running_loop())
    watched = await WatchedFeeds(room.database, clock, lambda: settings).look(errand)
    sent = await send_now(room, watched.mails, has_daemon=is_daemons) if watched.mails else []
    return watched, sent


def _tell(errand: "FeedErrand", watched: "Watched") -> None:
    from doorward.errands.feed_report import outcome_text

    click.echo(f"{FEED_PREFIX}{errand.name}: {outcome_text(watched)}")
    for note in watched.notes:
        complain(f"{FEED_PREFIX}{errand.name}: {note}")


def _errand(name: str, settings: "Settings") -> "FeedErrand":
    errand = settings.feeds.get(name.removeprefix(FEED_PREFIX))
    if errand is None:
        from doorward.core.invocation import nearest_name

        nearest = nearest_name(name.removeprefix(FEED_PREFIX), settings.feeds)
        hint = f"; did you mean {FEED_PREFIX}{nearest}?" if nearest else "; `doorward errands list` has them"
        raise ConfigurationError(f"there is no errand {name[:64]!r}{hint}", file=settings.file)
    return errand


def _row(errand: "FeedErrand") -> tuple[str, ...]:
    to = ", ".join(mailbox.address for mailbox in errand.to)
    return f"{FEED_PREFIX}{errand.name}", str(errand.timing), one_line(errand.url), to


def _members(errand: "FeedErrand") -> dict[str, object]:
    return {
        "errand": f"{FEED_PREFIX}{errand.name}",
        "url": errand.url,
        "timing": str(errand.timing),
        "to": [mailbox.address for mailbox in errand.to],
        "filter": list(errand.words),
        "tell_after": errand.tell_after,
    }
