"""`doorward schedules`."""

import json
import os
import sys
from typing import Any

import click

from doorward.cli.daemon import ask_daemon, keep_answer
from doorward.cli.examples import WithExamples
from doorward.cli.options import json_option, place_options
from doorward.cli.outcomes import exit_status, report
from doorward.cli.screen import is_terminal, wants_colours
from doorward.cli.target import Target
from doorward.clients._asking import Descriptors
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
    if as_json or not is_terminal(sys.stdout):
        words = ("schedules", "form=json") if as_json else ("schedules",)
        return report(ask_daemon(target, words, Descriptors(), environment=os.environ))
    reply, kept = keep_answer(target, ("schedules", "form=json"), environment=os.environ)
    if exit_status(reply) == 0:
        print_table(json.loads(kept.out))
    return report(reply)


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
