"""Options that several subcommands have, so that each is spelled and explained in one way."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])

_FILE = click.Path(dir_okay=False, path_type=Path)
_FOLDER = click.Path(file_okay=False)


def run_number(_context: click.Context, _parameter: click.Parameter, word: str) -> int:
    """The number of a run, 1 and up, that `word` says."""
    if not (word.isascii() and word.isdigit() and len(word) <= 18 and int(word) > 0):
        raise click.BadParameter(f"{word[:40]!r} is no number of a run; `doorward runs` lists them")
    return int(word)


def state_option(text: str) -> Callable[[FunctionT], FunctionT]:
    """`--state DIR`, explained by `text`."""
    return click.option("--state", type=_FOLDER, metavar="DIR", help=text)


def config_option(function: FunctionT) -> FunctionT:
    """`--config FILE`."""
    return click.option(
        "--config",
        type=_FILE,
        metavar="FILE",
        help="Read this file; otherwise /etc/doorward/doorward.toml, or that of your configuration folder.",
    )(function)


def json_option(function: FunctionT) -> FunctionT:
    """`--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(function)


def place_options(function: FunctionT) -> FunctionT:
    """Where the daemon is, and who asks: `--at`, `--state`, `--user`, `--password-file`."""
    options = (
        click.option("--at", metavar="URL", help="The daemon: unix://PATH or tcp://HOST:PORT."),
        state_option("The daemon's state folder."),
        click.option("--user", metavar="NAME", help="Log in as NAME, where the door asks for a name."),
        click.option(
            "--password-file",
            type=_FILE,
            metavar="FILE",
            help="The first line is the password; otherwise $DOORWARD_PASSWORD, or a prompt.",
        ),
    )
    for option in reversed(options):
        function = option(function)
    return function
