"""`doorward mail sink`."""

import json
import sys
from typing import TYPE_CHECKING

import click

from doorward.cli.examples import WithExamples
from doorward.cli.options import json_option
from doorward.cli.screen import complain, strangers_lines
from doorward.core.counts import how_many
from doorward.core.errors import ListenError, one_line
from doorward.core.limits import Limits

if TYPE_CHECKING:
    from doorward.compose.mail_sink import Taken

PORT = 8025


@click.command(
    "sink",
    cls=WithExamples,
    examples=(
        "doorward mail sink",
        "doorward mail sink --port 0 --json | jq .text",
    ),
)
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=PORT,
    show_default=True,
    metavar="PORT",
    help="The port on 127.0.0.1; 0 takes a free one.",
)
@json_option
def sink(*, port: int, as_json: bool) -> None:
    """
    Be a mail server that delivers nothing and shows what it gets, to try things out.

    It listens on this machine alone, takes any login and any recipient. With --json each message is one
    line. Ctrl-C ends it.
    """
    from doorward.compose.mail_sink import HOST, run_sink

    def tell(opened: int) -> None:
        # stdout has the messages, for whoever reads them with a program
        complain(f'mail is taken at {HOST}:{opened}: server = "{HOST}:{opened}" in the table [mail]')

    def show(taken: "Taken") -> None:
        _print_json(taken) if as_json else _print_message(taken)
        sys.stdout.flush()

    try:
        run_sink(port=port, message_bytes=Limits().message_bytes, on_open=tell, on_taken=show)
    except ListenError as error:
        if port:
            error.add_note("`--port 0` takes a free one")
        raise


def _print_json(taken: "Taken") -> None:
    from doorward.cli.mail_shown import shown

    message = shown(taken.content)
    members = {
        "number": taken.number,
        "sender": taken.sender,
        "recipients": list(taken.recipients),
        "user": taken.user or None,
        "size_bytes": len(taken.content),
        "headers": [list(each) for each in message.headers],
        "text": message.text,
        "attached": [
            {"name": each.name, "media_type": each.media_type, "size_bytes": each.size_bytes}
            for each in message.attached
        ],
    }
    click.echo(json.dumps(members))


def _print_message(taken: "Taken") -> None:
    from doorward.cli.mail_shown import shown

    message = shown(taken.content)
    to = ", ".join(f"<{each}>" for each in taken.recipients[:10])
    others = f" and {how_many(len(taken.recipients) - 10, 'other')}" if len(taken.recipients) > 10 else ""
    login = f", logged in as {taken.user}" if taken.user else ""
    click.echo(one_line(f"--- message {taken.number} from <{taken.sender}> to {to}{others}{login}"))
    for name, value in message.headers:
        click.echo(one_line(f"{name}: {value}"))
    click.echo()
    for line in strangers_lines(message.text.splitlines()):
        click.echo(line)
    for each in message.attached:
        name = each.name or "a part without a name"
        click.echo(one_line(f"[{name}, {each.media_type}, {each.size_bytes} bytes]"))
