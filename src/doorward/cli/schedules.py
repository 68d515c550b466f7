"""`doorward schedules`."""

import os
import sys
from typing import Any

import click

from doorward.cli.examples import WithExamples
from doorward.cli.options import json_option, place_options
from doorward.cli.reports import report_of
from doorward.cli.screen import wants_colours
from doorward.cli.target import Target
from doorward.service.schedule_texts import COLUMNS, schedule_notes, schedule_row


@click.command(
    "schedules",
    cls=WithExamples,
    examples=(
        "doorward schedules",
        "doorward schedules --json | jq '.[] | select((.last.outcome.exit_status // 0) != 0)'",
    ),
)
@place_options
@json_option
def command(*, target: Target, as_json: bool) -> int:
    """List what runs by the clock: when it ran last, how that ended, and when it is due next."""
    return report_of(target, "schedules", as_json=as_json, show=print_table)


def print_table(schedules: list[dict[str, Any]]) -> None:
    """Print what a daemon says of its schedules, as JSON has it."""
    if not schedules:
        click.echo("No schedules.")
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for column in COLUMNS:
        # a time that is torn over lines cannot be read
        table.add_column(column, no_wrap="(UTC)" in column, overflow="fold")
    for schedule in schedules:
        # Text: nothing in a command's words is markup
        *cells, ended, words = schedule_row(schedule)
        table.add_row(*map(Text, cells), Text(ended, _colour(schedule)), Text(words))
    console = Console(no_color=not wants_colours(sys.stdout, os.environ), highlight=False)
    console.print(table)
    for schedule in schedules:
        for note in schedule_notes(schedule):
            console.print(Text(f"{schedule_row(schedule)[0]}: {note}", "yellow"))


def _colour(schedule: dict[str, Any]) -> str:
    if schedule["state"] == "running":
        return "cyan"
    outcome = (schedule["last"] or {}).get("outcome")
    return "" if outcome is None else "red" if outcome["exit_status"] else "green"
