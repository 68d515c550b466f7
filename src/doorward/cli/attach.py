"""`doorward attach`."""

import click

from doorward.cli.ask import ask_words
from doorward.cli.completing import complete_run
from doorward.cli.examples import WithExamples
from doorward.cli.options import json_option, place_options, run_number
from doorward.cli.target import Target


@click.command(
    "attach",
    cls=WithExamples,
    examples=(
        "doorward attach 17",
        "doorward attach 17 > whole-output",
    ),
)
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
    Follow run N from its start, whether it still runs or has ended; `doorward runs` lists the numbers.

    The exit status is the run's, as for `doorward ask`. Ctrl-C cancels the run as far as it is yours alone.
    """
    return ask_words(target, ("attach", str(number)), as_json=as_json)
