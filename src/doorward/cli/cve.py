"""`doorward cve`."""

import click

from doorward.cli.cve_watch import watch
from doorward.cli.examples import GroupWithExamples


@click.group("cve", cls=GroupWithExamples, examples=("doorward cve watch --once --installed",))
def command() -> None:
    """See what is known of vulnerabilities: those of this machine, those that are exploited, any of them."""


command.add_command(watch)
