"""`doorward hash-password`."""

import json
from pathlib import Path

import click

from doorward.cli.examples import WithExamples
from doorward.cli.options import json_option
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
    type=click.Path(readable=False, path_type=Path, allow_dash=True),
    metavar="FILE",
    help="The first line is the password; - is stdin. Otherwise it is asked for twice.",
)
@json_option
def command(*, password_file: Path | None, as_json: bool) -> None:
    """
    Hash a password for a configuration: the line goes into [users.NAME] as password = "...".

    The hash is Argon2id; each one has a salt of its own, so the same password never gives the same line.
    """
    from doorward.stores.passwords import hash_password

    text = hash_password(new_password(password_file, otherwise="--password-file"))
    click.echo(json.dumps({"password": text}) if as_json else text)
