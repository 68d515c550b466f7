"""`doorward mail send`."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from doorward.cli.configured import settings_of, tell_passed_over
from doorward.cli.examples import WithExamples
from doorward.cli.options import FILE, config_option, json_option, state_option
from doorward.cli.outbox import (
    STATE_HELP,
    Sent,
    given_options,
    has_daemon,
    members_of,
    report,
    send_now,
    status_of,
    with_outbox,
)
from doorward.cli.screen import complain, is_terminal
from doorward.core.errors import MailError
from doorward.core.mailboxes import parse_mailbox

if TYPE_CHECKING:
    from doorward.compose.mail_room import MailRoom
    from doorward.core.limits import Limits
    from doorward.errands.composing import Attachment


@click.command(
    "send",
    cls=WithExamples,
    examples=(
        "df | doorward mail send -s 'Free space' alice@example.org",
        "doorward mail send -s Report -a report.pdf alice@example.org bob@example.org </dev/null",
        "doorward mail send --state .doorward -s Hello <letter.txt",
    ),
)
@click.argument("recipients", nargs=-1, metavar="[ADDRESS]...")
@click.option("-s", "--subject", default="", metavar="TEXT", help="The subject; one line.")
@click.option(
    "-a",
    "--attach",
    "files",
    multiple=True,
    type=FILE,
    metavar="FILE",
    help="Send this file along; may stand several times.",
)
@click.option(
    "--from", "sender", metavar="MAILBOX", help="Who stands in From; otherwise as in the configuration."
)
@state_option(STATE_HELP)
@config_option
@json_option
def send(
    *,
    recipients: tuple[str, ...],
    subject: str,
    files: tuple[Path, ...],
    sender: str | None,
    state: str | None,
    config: Path | None,
    as_json: bool,
) -> int:
    """
    Send what comes from stdin to each ADDRESS, or to those whom the configuration names.

    Once it says that the message is queued, it is on disk. Where a daemon runs with this state, that one
    delivers it within seconds; otherwise this command tries it now. Exit status 1: a recipient was refused;
    125: it waits in the queue, and no daemon runs that would try it again.
    """
    from doorward.compose.composed import compose_now
    from doorward.errands.composing import Draft, recipients_of
    from doorward.stores.clock import SystemClock

    settings = settings_of(config)
    tell_passed_over(state, config)
    # a letter that somebody typed is not lost over a mistake in the words: they are read first
    domain = settings.mail.sender.domain
    to = recipients_of(tuple(parse_mailbox(each, domain=domain) for each in recipients), settings.mail)
    author = None if sender is None else parse_mailbox(sender, domain=domain)
    attachments = tuple(_attached(file, settings.limits) for file in files)
    text = _read_stdin(settings.limits)
    draft = Draft(subject=subject, text=text, attachments=attachments, to=to, sender=author)
    mail = compose_now(draft, settings.mail, wall_seconds=SystemClock.wall())
    is_daemons = has_daemon(state)

    async def put(room: "MailRoom") -> Sent:
        number = await room.queue.put(mail)
        if not is_daemons:
            (sent,) = await send_now(room, [number], has_daemon=False)
            return sent
        found = await room.queue.find(number)
        left = None if found is None else found[0]
        return Sent(number=number, to=mail.recipients, left=left, is_daemons=True)

    sent = with_outbox(state, settings, put, make=True)
    if not as_json:
        return report(sent, given=given_options(state, config))
    left = {} if sent.left is None else members_of(sent.left)
    members = {"number": sent.number, "message_id": mail.message_id, "state": "delivered", **left}
    click.echo(json.dumps(members, ensure_ascii=False))
    return status_of(sent)


def _read_stdin(limits: "Limits") -> str:
    if is_terminal(sys.stdin):
        complain("type the message; Ctrl-D ends it")
    data = sys.stdin.buffer.read(limits.message_bytes + 1)
    _check_size(len(data), "stdin", limits)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        complain("what came from stdin is no UTF-8; send it as it is with --attach FILE")
        return data.decode("utf-8", "replace")


def _attached(file: Path, limits: "Limits") -> "Attachment":
    import mimetypes

    from doorward.errands.composing import Attachment

    try:
        with file.open("rb") as opened:
            content = opened.read(limits.message_bytes + 1)
    except OSError as error:
        raise MailError(f"{file} cannot be read: {error.strerror}") from error
    _check_size(len(content), str(file), limits)
    kind, coding = mimetypes.guess_type(file.name)
    return Attachment(
        name=file.name,
        content=content,
        media_type=kind if kind and not coding else "application/octet-stream",
    )


def _check_size(size_bytes: int, what: str, limits: "Limits") -> None:
    if size_bytes > limits.message_bytes:
        raise MailError(
            f"{what} has more than {limits.message_bytes} bytes, and that is message_bytes of [limits]"
        )
