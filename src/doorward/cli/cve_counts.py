"""`doorward cve counts`."""

import json
import sys
from typing import TYPE_CHECKING

import click

from doorward.cli.cve_filters import Asked, filter_options
from doorward.cli.cve_store import STATE_HELP, nothing_known, tell_other_state, with_vulnerabilities
from doorward.cli.examples import WithExamples
from doorward.cli.options import json_option, state_option
from doorward.cli.screen import is_terminal
from doorward.core.cve_defaults import MONTHS, MOST_MONTHS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from doorward.core.cve_filters import CveCounts
    from doorward.core.ports import VulnerabilityStore


@click.command(
    "counts",
    cls=WithExamples,
    examples=(
        "doorward cve counts",
        "doorward cve counts --months 12 --product linux",
        "doorward cve counts --json | jq '.[-1].exploited'",
    ),
)
@filter_options
@click.option(
    "--months",
    type=click.IntRange(1, MOST_MONTHS),
    default=MONTHS,
    show_default=True,
    metavar="N",
    help="So many, up to this one.",
)
@json_option
@state_option(STATE_HELP)
def counts(*, asked: Asked, months: int, as_json: bool, state: str | None) -> None:
    """Plot how many were published, and became exploited, by month."""
    from doorward.errands.cve.members import counts_members

    tell_other_state(state)

    async def count(now_at: float, store: "VulnerabilityStore | None") -> "Sequence[CveCounts]":
        query = asked.query(now_at=now_at)
        return [] if store is None else await store.counts(query, months=months)

    counted = with_vulnerabilities(state, count)
    if as_json:
        click.echo(json.dumps(counts_members(counted)))
    elif counted:
        _print_bars(counted)
    else:
        click.echo(nothing_known(state))


def _print_bars(counted: "Sequence[CveCounts]") -> None:
    from doorward.errands.cve.bars import counts_text

    if is_terminal(sys.stdout):
        import shutil

        click.echo(counts_text(counted, width=shutil.get_terminal_size().columns, mark="█"), nl=False)
    else:
        click.echo(counts_text(counted), nl=False)
