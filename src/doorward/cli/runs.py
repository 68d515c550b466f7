"""`doorward runs`."""

import os
import sys
from typing import Any

import click

from doorward.cli.examples import WithExamples
from doorward.cli.options import json_option, place_options
from doorward.cli.reports import report_of
from doorward.cli.screen import wants_colours
from doorward.cli.target import Target
from doorward.core.errors import one_line
from doorward.core.moments import day_utc
from doorward.core.outcome import OutcomeKind, end_words

_COLUMNS = ("RUN", "STATE", "ASKED (UTC)", "SECONDS", "WHO", "DOOR", "COMMAND")


@click.command(
    "runs",
    cls=WithExamples,
    examples=(
        "doorward runs",
        "doorward runs --json | jq '.[] | select(.state == \"live\")'",
    ),
)
@place_options
@json_option
def command(*, target: Target, as_json: bool) -> int:
    """List the runs that you may see, the live ones first: your own, or all of them for an admin."""
    return report_of(target, "runs", as_json=as_json, show=_print_table)


def _print_table(runs: list[dict[str, Any]]) -> None:
    if not runs:
        click.echo("No runs.")
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from doorward.config.machine import Machine

    today = day_utc(Machine().wall()).isoformat()
    table = Table(*_COLUMNS[:3], box=None, pad_edge=False)
    table.add_column(_COLUMNS[3], justify="right")
    for name in _COLUMNS[4:]:
        table.add_column(name, overflow="fold" if name == "COMMAND" else "ellipsis")
    for run in runs:
        # Text: nothing in a command's words is markup
        table.add_row(
            str(run["run"]),
            Text(*_state(run)),
            _asked(str(run["asked_at"]), today=today),
            f"{run['seconds']:.1f}",
            *(Text(one_line(str(run[key]))) for key in ("who", "door", "words")),
        )
    Console(no_color=not wants_colours(sys.stdout, os.environ), highlight=False).print(table)


def _asked(at: str, *, today: str) -> str:
    """The time of `at`, in ISO 8601, and the day where it is not `today`: 80 columns are few."""
    day, _, time = one_line(at)[:19].partition("T")
    return time if day == today else f"{day} {time}"


def _state(run: dict[str, Any]) -> tuple[str, str]:
    """What the run's state is called, and its colour."""
    outcome = run["outcome"]
    if outcome is None:
        return one_line(run["state"]), "cyan"
    if outcome["kind"] != OutcomeKind.EXITED.value:
        return end_words(outcome), "yellow"
    return end_words(outcome), "red" if outcome["exit_status"] else "green"
