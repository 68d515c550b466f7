"""`doorward hash-password`."""

import json
from pathlib import Path

import click

from doorward.cli.examples import WithExamples
from doorward.cli.options import json_option, new_password_file_option
from doorward.cli.passwords import new_password


@click.command(
    "hash-password",
    cls=WithExamples,
    examples=(
        "doorward hash-password",
        "pass show doorward/alice | doorward hash-password --password-file -",
    ),
)
@new_password_file_option
@json_option
def command(*, password_file: Path | None, as_json: bool) -> None:
    """
    Hash a password for a configuration: the line goes into [users.NAME] as password = "...".

    The hash is Argon2id; each one has a salt of its own, so the same password never gives the same line.
    """
    from doorward.stores.passwords import hash_password

    text = hash_password(new_password(password_file, otherwise="--password-file"))
    click.echo(json.dumps({"password": text}) if as_json else text)
