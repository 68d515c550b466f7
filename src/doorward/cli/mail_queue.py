"""`doorward mail queue`."""

import json
import os
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import click

from doorward.cli.configured import settings_of, tell_passed_over
from doorward.cli.examples import GroupWithExamples, WithExamples
from doorward.cli.named_state import opened_state
from doorward.cli.options import config_option, json_option, state_option
from doorward.cli.outbox import (
    STATE_HELP,
    given_options,
    has_daemon,
    has_outbox,
    members_of,
    report,
    send_now,
    state_of,
    with_outbox,
)
from doorward.cli.screen import STATUS_FAILED, complain, is_terminal, strangers_lines, wants_colours
from doorward.core.columns import aligned
from doorward.core.counts import how_many
from doorward.core.errors import DoorwardError, StateError, one_line
from doorward.core.mail import Mail, QueueChange, QueuedMail, Standing
from doorward.core.moments import iso_utc, second_utc

if TYPE_CHECKING:
    from pathlib import Path

    from click.shell_completion import CompletionItem

    from doorward.compose.mail_room import MailRoom

_COLUMNS = ("MESSAGE", "STATE", "QUEUED (UTC)", "BYTES", "TO", "LAST ANSWER")
_ANSWER_LEAST = 14


def _message_numbers(
    _context: click.Context, _parameter: click.Parameter, words: tuple[str, ...]
) -> tuple[int, ...]:
    """The numbers of messages that `words` say."""
    for word in words:
        if not (word.isascii() and word.isdigit() and len(word) <= 18):
            raise click.BadParameter(
                f"{word[:40]!r} is no number of a message; `doorward mail queue list` has them"
            )
    return tuple(map(int, words))


def _complete(context: click.Context, _parameter: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """Complete the number of a message."""
    from click.shell_completion import CompletionItem

    state = context.params.get("state")
    try:
        listed = _listed(state, None) if has_outbox(state) else []
    except (DoorwardError, OSError):
        return []
    return [
        CompletionItem(str(mail.number), help=f"{state_of(mail)} {_to(mail)}")
        for mail in listed
        if str(mail.number).startswith(incomplete)
    ]


_numbers = click.argument(
    "numbers",
    nargs=-1,
    required=True,
    metavar="N...",
    callback=_message_numbers,
    shell_complete=_complete,
)


@click.group(
    "queue",
    cls=GroupWithExamples,
    examples=(
        "doorward mail queue list",
        "doorward mail queue show 12",
        "doorward mail queue retry 12",
    ),
)
def queue() -> None:
    """Look after the messages that are not delivered yet, and those that were given up."""


@queue.command(
    "list",
    cls=WithExamples,
    examples=(
        "doorward mail queue list",
        "doorward mail queue list --json | jq '.[] | select(.state == \"dead\").number'",
    ),
)
@state_option(STATE_HELP)
@config_option
@json_option
def list_messages(*, state: str | None, config: "Path | None", as_json: bool) -> None:
    """List what waits, and dead letters, which stay until they are retried or dropped."""
    tell_passed_over(state, config)
    listed = _listed(state, config) if has_outbox(state) else []
    if as_json:
        click.echo(json.dumps([members_of(mail) for mail in listed], ensure_ascii=False))
    elif listed and is_terminal(sys.stdout):
        _print_table(listed)
    elif listed:
        _print_lines(listed)
    else:
        click.echo(one_line(f"The queue of {opened_state(state, os.environ)} is empty."))


@queue.command(
    "show", cls=WithExamples, examples=("doorward mail queue show 12", "doorward mail queue show --raw 12")
)
@click.argument("number", metavar="N", type=click.IntRange(min=0), shell_complete=_complete)
@click.option("--raw", is_flag=True, help="Print the message alone, byte for byte.")
@state_option(STATE_HELP)
@config_option
@json_option
def show(*, number: int, raw: bool, state: str | None, config: "Path | None", as_json: bool) -> None:
    """Show a message: its envelope, how far it is for each recipient, and what stands in it."""

    async def find(room: "MailRoom") -> tuple[QueuedMail, Mail] | None:
        return await room.queue.find(number)

    tell_passed_over(state, config)
    found = with_outbox(state, settings_of(config), find) if has_outbox(state) else None
    if found is None:
        raise _not_there(number)
    queued, mail = found
    if raw:
        sys.stdout.buffer.write(mail.content)
    elif as_json:
        content = mail.content.decode("utf-8", "replace")
        click.echo(json.dumps({**members_of(queued), "content": content}, ensure_ascii=False))
    else:
        _print_message(queued, mail)


@queue.command("retry", cls=WithExamples, examples=("doorward mail queue retry 12 13",))
@_numbers
@state_option(STATE_HELP)
@config_option
def retry(*, numbers: tuple[int, ...], state: str | None, config: "Path | None") -> int:
    """Try messages now, dead letters too, for the recipients that did not get them; their days count anew."""
    is_daemons = has_daemon(state)

    async def try_now(room: "MailRoom") -> list[int]:
        changed = [number for number in numbers if _told(number, await room.queue.retry(number))]
        given = given_options(state, config)
        sent = await send_now(room, changed, has_daemon=is_daemons)
        return [report(each, given=given) for each in sent]

    return _changed(state, config, numbers, try_now)


@queue.command("drop", cls=WithExamples, examples=("doorward mail queue drop 12",))
@_numbers
@state_option(STATE_HELP)
@config_option
def drop(*, numbers: tuple[int, ...], state: str | None, config: "Path | None") -> int:
    """Remove messages for good."""

    async def drop_all(room: "MailRoom") -> list[int]:
        statuses = []
        for number in numbers:
            if _told(number, await room.queue.drop(number)):
                click.echo(f"Message {number} is dropped.")
                statuses.append(0)
        return statuses

    return _changed(state, config, numbers, drop_all)


def _changed(
    state: str | None,
    config: "Path | None",
    numbers: tuple[int, ...],
    change: "Callable[[MailRoom], Awaitable[list[int]]]",
) -> int:
    """Have `change` done; the exit status, which a message that could not be changed makes 1."""
    tell_passed_over(state, config)
    if not has_outbox(state):
        raise _not_there(numbers[0])
    statuses = with_outbox(state, settings_of(config), change)
    return max([*statuses, STATUS_FAILED if len(statuses) < len(numbers) else 0])


def _told(number: int, change: QueueChange) -> bool:
    """Whether it was done; if not, it is said why."""
    match change:
        case QueueChange.DONE:
            return True
        case QueueChange.NOT_THERE:
            complain(str(_not_there(number)))
        case QueueChange.UNDER_WAY:
            complain(
                f"message {number} is being sent; try again in a moment. If its sender was killed,"
                " it waits until the lease ends, half an hour by default"
            )
    return False


def _not_there(number: int) -> StateError:
    return StateError(
        f"there is no message {number} in the queue; `doorward mail queue list` has those there are"
    )


def _listed(state: str | None, config: "Path | None") -> list[QueuedMail]:
    async def list_all(room: "MailRoom") -> list[QueuedMail]:
        return list(await room.queue.messages())

    return with_outbox(state, settings_of(config), list_all)


def _to(mail: QueuedMail) -> str:
    first, *others = [each.address for each in mail.recipients if each.standing is not Standing.DELIVERED]
    return one_line(first) + (f" and {how_many(len(others), 'other')}" if others else "")


def _row(mail: QueuedMail) -> tuple[str, ...]:
    answers = [each.answer for each in mail.recipients if each.standing is not Standing.DELIVERED]
    return (
        str(mail.number),
        state_of(mail),
        second_utc(mail.queued_at),
        str(mail.size_bytes),
        _to(mail),
        one_line(next(filter(None, answers), "")),
    )


def _print_lines(listed: list[QueuedMail]) -> None:
    click.echo(aligned([_COLUMNS, *map(_row, listed)], indent=""), nl=False)


def _print_table(listed: list[QueuedMail]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(no_color=not wants_colours(sys.stdout, os.environ), highlight=False)
    before_answer = aligned([_COLUMNS[:-1], *(_row(mail)[:-1] for mail in listed)], indent="")
    if max(map(len, before_answer.splitlines())) + _ANSWER_LEAST > console.width:
        # an address is there to be copied, whole: the terminal breaks lines where it has to
        _print_lines(listed)
        return
    colours = {"waiting": "cyan", "sending": "green", "dead": "red"}
    table = Table(*_COLUMNS[:2], box=None, pad_edge=False)
    table.add_column(_COLUMNS[2], no_wrap=True)
    table.add_column(_COLUMNS[3], justify="right")
    table.add_column(_COLUMNS[4], no_wrap=True, min_width=max(len(_to(mail)) for mail in listed))
    table.add_column(_COLUMNS[5], overflow="fold")
    for mail in listed:
        # Text: nothing that a server said is markup
        number, state, *others = _row(mail)
        table.add_row(number, Text(state, colours[state]), *map(Text, others))
    console.print(table)


def _print_message(queued: QueuedMail, mail: Mail) -> None:
    rows = [
        ("Message", str(queued.number)),
        ("State", state_of(queued)),
        ("Queued", iso_utc(queued.queued_at)),
        ("Envelope sender", f"<{queued.sender}>"),
    ]
    for each in queued.recipients:
        again = "" if each.next_try_at is None else f", again at {iso_utc(each.next_try_at)}"
        answer = f": {each.answer}" if each.answer else ""
        tries = how_many(each.attempts, "attempt")
        rows.append((f"<{each.address}>", f"{each.standing.value} after {tries}{again}{answer}"))
    click.echo(aligned(rows, indent=""))
    lines = mail.content.decode("utf-8", "replace").split("\r\n")
    for line in strangers_lines(lines, otherwise="--raw prints all"):
        click.echo(line)
