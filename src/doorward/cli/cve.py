"""`doorward cve`."""

from importlib import import_module

import click

from doorward.cli.examples import GroupWithExamples

_SUBCOMMANDS = {
    "list": "cve_list:list_cves",
    "show": "cve_show:show",
    "counts": "cve_counts:counts",
    "watch": "cve_watch:watch",
}
"""Each by its module and its name there: who lists brings in nothing of what goes for them."""


class _Cve(GroupWithExamples):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_SUBCOMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module, colon, name = _SUBCOMMANDS.get(cmd_name, "").partition(":")
        if not colon:
            return None
        found: click.Command = getattr(import_module(f"doorward.cli.{module}"), name)
        return found


@click.command(
    "cve",
    cls=_Cve,
    examples=(
        "doorward cve watch --once --installed",
        "doorward cve list --installed",
        "doorward cve show CVE-2024-3094",
        "doorward cve counts",
    ),
)
def command() -> None:
    """See what is known of vulnerabilities: those of this machine, those that are exploited, any of them."""
