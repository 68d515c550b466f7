"""`doorward init`."""

import os
import shlex
from pathlib import Path

import click

from doorward.cli.examples import WithExamples
from doorward.cli.options import FILE
from doorward.core.errors import StateError

NAME = "doorward.toml"


@click.command(
    "init",
    cls=WithExamples,
    examples=(
        "doorward init",
        "sudo doorward init /etc/doorward",
        "sudo /opt/doorward/bin/doorward init --systemd",
        "doorward init --systemd ./units --program /opt/doorward/bin/doorward",
    ),
)
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(file_okay=False, path_type=Path))
@click.option("--systemd", is_flag=True, help="Write units of systemd instead, into /etc/systemd/system.")
@click.option(
    "--program",
    type=FILE,
    metavar="PATH",
    help="What the service runs, taken as it stands; otherwise this program as it was called.",
)
@click.option(
    "--config",
    type=FILE,
    metavar="FILE",
    help="What the service reads; otherwise /etc/doorward/doorward.toml, or the defaults.",
)
@click.option("--force", is_flag=True, help="Write over units that are there.")
def command(
    *, folder: Path | None, systemd: bool, program: Path | None, config: Path | None, force: bool
) -> None:
    """
    Write DIR/doorward.toml, a configuration to begin with; or units of systemd.

    Every key is in it, explained; as it stands it changes nothing. DIR is made when it is missing; left out,
    it is the current folder. A file that is there already is never overwritten. The new one can be read by
    nobody else: password hashes may stand in it.

    With --systemd: DIR/doorward.service, explained and hardened, and DIR/doorward-DOOR.socket for each door
    of the configuration. --program, --config and --force are for these only.
    """
    if systemd:
        from doorward.cli.init_systemd import UNIT_FOLDER, write_units

        write_units(folder or UNIT_FOLDER, program=program, config=config, force=force)
        return
    if program is not None or config is not None or force:
        raise click.UsageError("--program, --config and --force go with --systemd")
    _write_configuration(folder or Path())


def _write_configuration(folder: Path) -> None:
    from doorward.config.template import template_text

    file = folder / NAME
    write_new(file, template_text())
    shown = shlex.quote(str(file))
    click.echo(f"{file} is written. What you can do next:")
    click.echo(f"  edit it, then    doorward check --config {shown}")
    click.echo(f"  and start with   doorward serve --config {shown}")


def write_new(file: Path, text: str) -> None:
    """
    Write `text` to `file`, mode 0600, which must not be there yet.

    Raises:
        StateError: it is there, or the system refused.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with open(descriptor, "w", encoding="utf-8") as opened:
            opened.write(text)
    except FileExistsError as error:
        raise StateError(f"{file} is there already and stays as it is; name another folder") from error
    except OSError as error:
        raise StateError(f"{file} cannot be written: {error.strerror}") from error
