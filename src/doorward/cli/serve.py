"""`doorward serve`."""

import os
import signal
import sys
from pathlib import Path

import click

from doorward.cli.examples import WithExamples
from doorward.cli.options import config_option, loop_option, state_option

LOG_LEVELS = ("debug", "info", "warning", "error")


@click.command(
    "serve",
    cls=WithExamples,
    examples=(
        "doorward serve --state .doorward",
        "doorward serve --config ./doorward.toml --log-level debug",
    ),
)
@config_option
@state_option("Keep the state here; otherwise in $STATE_DIRECTORY, or in your own state folder.")
@loop_option
@click.option(
    "--log-level",
    type=click.Choice(LOG_LEVELS),
    default="info",
    show_default=True,
    help="The least that is logged.",
)
def command(*, config: Path | None, state: Path | None, loop: str, log_level: str) -> None:
    """
    Run the daemon: open the doors of the configuration, and print for each the line to type.

    Without a configuration the default catalogue is open on loopback. Ctrl-C or SIGTERM ends it; what runs
    then gets 25 s. SIGHUP has it read its configuration, certificates and users again. Logs go to
    stderr.
    """
    # until the daemon hears it: it asks for a reload, and by default it would end us
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})

    from doorward.cli.openssl import use_own_openssl_configuration

    # before anything that imports OpenSSL
    use_own_openssl_configuration(os.environ, loaded=sys.modules)

    from doorward.cli.banner import banner
    from doorward.cli.logs import configure_logs
    from doorward.cli.program import program_name
    from doorward.cli.screen import goes_to_the_journal
    from doorward.compose.opened import Opened
    from doorward.compose.serving import ServeOptions, run

    configure_logs(log_level, environment=os.environ, in_background=True)
    program = program_name(sys.argv[0], sys.executable, os.environ)

    def show(opened: Opened) -> None:
        click.echo(banner(opened, program=program, environment=os.environ), nl=False)

    options = ServeOptions(
        config=config,
        state=Path(state) if state else None,
        loop=loop,
        is_seen=not goes_to_the_journal(os.environ),
    )
    run(options, show)
