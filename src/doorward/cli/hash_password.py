"""`doorward hash-password`."""

from pathlib import Path

import click

from doorward.cli.examples import WithExamples
from doorward.cli.passwords import new_password


@click.command(
    "hash-password",
    cls=WithExamples,
    examples=(
        "doorward hash-password",
        "pass show doorward/alice | doorward hash-password --password-file -",
    ),
)
@click.option(
    "--password-file",
    type=click.Path(dir_okay=False, path_type=Path, allow_dash=True),
    metavar="FILE",
    help="The first line is the password; - is stdin. Otherwise it is asked for twice.",
)
def command(*, password_file: Path | None) -> None:
    """
    Hash a password for a configuration: the line goes into [users.NAME] as password = "...".

    The hash is Argon2id; each one has a salt of its own, so the same password never gives the same line.
    """
    from doorward.stores.passwords import hash_password

    click.echo(hash_password(new_password(password_file, otherwise="--password-file")))
