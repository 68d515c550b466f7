"""`doorward cancel`."""

import click

from doorward.cli.ask import ask_words
from doorward.cli.completing import complete_run
from doorward.cli.examples import WithExamples
from doorward.cli.options import json_option, place_options, run_number
from doorward.cli.target import Target


@click.command("cancel", cls=WithExamples, examples=("doorward cancel 17",))
@place_options
@json_option
@click.argument("number", callback=run_number, metavar="N", shell_complete=complete_run)
def command(
    *,
    target: Target,
    as_json: bool,
    number: int,
) -> int:
    """
    Stop run N: TERM to all of its processes, and KILL after the grace time.

    A run that others asked for too goes on for them, unless you are admin. Exit status 126: no such run, or
    none of yours.
    """
    return ask_words(target, ("cancel", str(number)), as_json=as_json)
