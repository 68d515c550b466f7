"""`doorward backup`."""

import click

from doorward.cli.backup_push import plan, push
from doorward.cli.backup_there import list_there, restore, verify
from doorward.cli.examples import GroupWithExamples


@click.group(
    "backup",
    cls=GroupWithExamples,
    examples=(
        "doorward backup push --from /backup --to ftps://alice@backup.example.org/server1 --keep 5",
        "doorward backup restore --errand nightly --into /restored web",
    ),
)
def command() -> None:
    """
    Carry backups away from this machine, keep the newest of each there, and bring them back.

    A backup is a file such as web.15: number 15 of web. The newest is the one with the highest number.
    """


for each in (push, plan, list_there, restore, verify):
    command.add_command(each)
