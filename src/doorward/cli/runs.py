"""`doorward runs`."""

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
from doorward.core.errors import one_line
from doorward.core.moments import day_utc

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
    if as_json or not is_terminal(sys.stdout):
        words = ("runs", "form=json") if as_json else ("runs",)
        return report(ask_daemon(target, words, Descriptors(), environment=os.environ))
    reply, kept = keep_answer(target, ("runs", "form=json"), environment=os.environ)
    if exit_status(reply) == 0:
        _print_table(json.loads(kept.out))
    return report(reply)


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
    if outcome["kind"] == "exited":
        status = outcome.get("status", 0)
        return f"exit status {status}", "red" if status else "green"
    return one_line(outcome["kind"]), "yellow"
