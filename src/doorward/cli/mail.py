"""`doorward mail`."""

import click

from doorward.cli.examples import GroupWithExamples
from doorward.cli.mail_queue import queue
from doorward.cli.mail_send import send
from doorward.cli.mail_sink import sink


@click.group(
    "mail",
    cls=GroupWithExamples,
    examples=(
        "df | doorward mail send -s 'Free space' alice@example.org",
        "doorward mail queue list",
        "doorward mail sink",
    ),
)
def command() -> None:
    """
    Send mail, look after what waits, and see what would be sent.

    The table [mail] of the configuration says by which server; without one it is that of this machine. What
    was queued is on disk, and the daemon delivers it; without a daemon the command does.
    """


for _each in (send, queue, sink):
    command.add_command(_each)
