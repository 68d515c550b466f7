"""`doorward status`."""

import os

import click

from doorward.cli.daemon import ask_daemon
from doorward.cli.examples import WithExamples
from doorward.cli.options import json_option, place_options
from doorward.cli.outcomes import report
from doorward.cli.target import Target
from doorward.clients._asking import Descriptors


@click.command(
    "status",
    cls=WithExamples,
    examples=(
        "doorward status",
        "doorward status --json | jq .connections",
    ),
)
@place_options
@json_option
def command(*, target: Target, as_json: bool) -> int:
    """
    Tell how a daemon is: its doors, connections and runs, and what deserves a look.

    Exit status 125: no daemon could be asked.
    """
    words = ("status", "form=json") if as_json else ("status",)
    return report(ask_daemon(target, words, Descriptors(), environment=os.environ))
