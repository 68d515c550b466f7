"""`doorward status`."""

import click

from doorward.cli.examples import WithExamples
from doorward.cli.options import json_option, place_options
from doorward.cli.reports import report_of
from doorward.cli.target import Target


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
    return report_of(target, "status", as_json=as_json)
