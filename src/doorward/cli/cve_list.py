"""`doorward cve list`."""

import json
import os
import sys
from functools import partial
from typing import TYPE_CHECKING

import click

from doorward.cli.cve_filters import Asked, complain_of_untold, filter_options, order_option
from doorward.cli.cve_store import (
    STATE_HELP,
    ask_installed,
    nothing_known,
    tell_other_state,
    with_vulnerabilities,
)
from doorward.cli.examples import WithExamples
from doorward.cli.options import json_option, state_option
from doorward.cli.screen import complain, is_terminal, wants_colours
from doorward.core.cve_defaults import LISTED

if TYPE_CHECKING:
    from collections.abc import Callable

    from doorward.core.cve_filters import CveFilter, CveQuery
    from doorward.core.ports import VulnerabilityStore
    from doorward.errands.cve.listing import Listed

MOST = 1_000_000


@click.command(
    "list",
    cls=WithExamples,
    examples=(
        "doorward cve list --installed --fixable",
        "doorward cve list --word openssl --word glibc --score 7",
        "doorward cve list --kev --since 7d --text",
        "doorward cve list --order epss --limit 20",
        "doorward cve list --installed --json | jq -r '.vulnerabilities[].id'",
    ),
)
@filter_options
@order_option
@click.option(
    "--limit", type=click.IntRange(1, MOST), default=LISTED, show_default=True, metavar="N", help="At most N."
)
@click.option("--offset", type=click.IntRange(0), default=0, metavar="N", help="Pass over the first N.")
@click.option("--text", "as_text", is_flag=True, help="Print all that is known of each, as text.")
@json_option
@state_option(STATE_HELP)
def list_cves(
    *,
    asked: Asked,
    order: str,
    limit: int,
    offset: int,
    as_text: bool,
    as_json: bool,
    state: str | None,
) -> None:
    """
    List the vulnerabilities that are known: the most urgent first, of all sources together.

    Filters count together. Those that nobody scored yet pass --score, in a group of their own. What
    --installed says is judged by the packages that are installed now.
    """
    if as_text and as_json:
        raise click.UsageError("--text and --json are two ways to print: take one of them")
    tell_other_state(state)
    found = _found(state, partial(asked.query, order=order, limit=limit, offset=offset))
    if as_json:
        from doorward.errands.cve.members import whole_listing_members

        click.echo(json.dumps(whole_listing_members(found), ensure_ascii=False))
    elif found.is_empty:
        click.echo(nothing_known(state))
    elif as_text:
        _print_text(found)
    else:
        _print_table(found)


def _found(state: str | None, query: "Callable[..., CveQuery]") -> "Listed":
    from doorward.errands.cve.listing import Listed, listed

    async def search(now_at: float, store: "VulnerabilityStore | None") -> Listed:
        asked = query(now_at=now_at)
        if store is None:
            return Listed(query=asked, found=(), total=0, unscored=0, is_empty=True)
        found = await listed(store, asked, ask_installed)
        if not found.total and not found.is_empty:
            await _tell_what_nobody_told(asked.filter, store)
        return found

    return with_vulnerabilities(state, search)


async def _tell_what_nobody_told(wanted: "CveFilter", store: "VulnerabilityStore") -> None:
    """Say on stderr which source never answered, without which nothing can pass."""
    from doorward.core.cve_errands import told_by_none

    for name, kind in told_by_none(wanted, ()).items():
        if not await store.marks(kind.value):
            complain_of_untold(name, kind, "it never answered whole")


def _print_text(found: "Listed") -> None:
    from doorward.errands.cve.texts import ending, notes, whole_text

    for each in found.found:
        click.echo(whole_text(each))
    for note in notes(found):
        complain(note)
    click.echo(ending(found))


def _print_table(found: "Listed") -> None:
    from doorward.errands.cve.texts import listing_text

    if is_terminal(sys.stdout) and found.found:
        from doorward.cli.cve_table import print_table

        print_table(found, has_colours=wants_colours(sys.stdout, os.environ))
    else:
        click.echo(listing_text(found), nl=False)
