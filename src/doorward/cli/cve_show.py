"""`doorward cve show`."""

import json
from typing import TYPE_CHECKING

import click

from doorward.cli.cve_store import (
    STATE_HELP,
    ask_installed,
    complete_id,
    nothing_known,
    tell_other_state,
    with_vulnerabilities,
)
from doorward.cli.examples import WithExamples
from doorward.cli.options import json_option, state_option
from doorward.cli.screen import STATUS_FAILED, complain
from doorward.core.cve_ids import id_said

if TYPE_CHECKING:
    from doorward.core.ports import VulnerabilityStore
    from doorward.core.vulnerabilities import Vulnerability


@click.command(
    "show",
    cls=WithExamples,
    examples=(
        "doorward cve show CVE-2024-3094",
        "doorward cve show --json CVE-2024-3094 | jq -r '.[].references[]'",
    ),
)
@click.argument("names", nargs=-1, required=True, metavar="ID...", shell_complete=complete_id)
@json_option
@state_option(STATE_HELP)
def show(*, names: tuple[str, ...], as_json: bool, state: str | None) -> int:
    """
    Show all that is known of a vulnerability, by each of its sources.

    The exit status is 1 when nothing is known of one of them.
    """
    from doorward.errands.cve.members import whole_members
    from doorward.errands.cve.texts import whole_text

    tell_other_state(state)
    found, note, missing = _found(state, tuple(dict.fromkeys(names)))
    if as_json:
        members = [{**whole_members(each), "note": note or None} for each in found]
        click.echo(json.dumps(members, ensure_ascii=False))
    else:
        click.echo("\n".join(whole_text(each, note=note) for each in found), nl=False)
    if missing is None:
        complain(nothing_known(state))
        return STATUS_FAILED
    for name in missing:
        complain(
            f"{name[:100]}: nothing is known of it; an id is as CVE-2024-3094, and"
            " `doorward cve list --word ...` searches what is known"
        )
    return STATUS_FAILED if missing else 0


def _found(
    state: str | None, names: tuple[str, ...]
) -> "tuple[tuple[Vulnerability, ...], str, list[str] | None]":
    """Those that are known, why their packages are not those of now, and the others; None for no store."""
    from doorward.errands.cve.listing import current

    async def find(
        _now_at: float,
        store: "VulnerabilityStore | None",
    ) -> "tuple[tuple[Vulnerability, ...], str, list[str] | None]":
        if store is None:
            return (), "", None
        found = {name: await store.find(id_said(name)) for name in names}
        known, note = await current([each for each in found.values() if each is not None], ask_installed)
        return known, note, [name for name, each in found.items() if each is None]

    return with_vulnerabilities(state, find)
