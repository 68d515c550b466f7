"""Options that several subcommands have, so that each is spelled and explained in one way."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])

_FILE = click.Path(readable=False, path_type=Path)
_FOLDER = click.Path(readable=False)
"""What cannot be used is told by whoever opens it: it is no mistake in the words."""


class Seconds(click.ParamType[float]):
    """More than no seconds."""

    name = "seconds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number that `value` says, more than 0 and not without end."""
        try:
            seconds = float(value)
        except ValueError:
            seconds = math.nan
        if not 0 < seconds < math.inf:
            self.fail(f"{str(value)[:40]!r} is no number of seconds above 0", param, ctx)
        return seconds


class Uid(click.ParamType[int]):
    """A system user's number."""

    name = "uid"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number that `value` says."""
        text = str(value)
        if not (text.isascii() and text.isdigit() and len(text) <= 18):
            self.fail(f"{text[:40]!r} is no uid; `id -u NAME` prints it", param, ctx)
        return int(text)


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
