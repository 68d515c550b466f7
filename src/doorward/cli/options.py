"""Options that several subcommands have, so that each is spelled and explained in one way."""

import functools
import math
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from doorward.cli.target import Target
from doorward.core.errors import DoorwardError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])
Option = Callable[[Callable[..., Any]], Callable[..., Any]]

FILE = click.Path(readable=False, path_type=Path)
"""What cannot be used is told by whoever opens it: it is no mistake in the words."""

FOLDER = click.Path(readable=False, path_type=Path)
"""Likewise, of a folder."""


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


class Fingerprint(click.ParamType[str]):
    """Of a certificate or a host key."""

    name = "fingerprint"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The digits that `value` says."""
        from doorward.clients._trust import parse_fingerprint

        try:
            return parse_fingerprint(str(value))
        except ValueError as error:
            self.fail(f"{str(value)[:40]!r} is no fingerprint: {error}", param, ctx)


def run_number(_context: click.Context, _parameter: click.Parameter, word: str) -> int:
    """The number of a run, 1 and up, that `word` says."""
    if not (word.isascii() and word.isdigit() and len(word) <= 18 and int(word) > 0):
        raise click.BadParameter(f"{word[:40]!r} is no number of a run; `doorward runs` lists them")
    return int(word)


def state_option(text: str) -> Callable[[FunctionT], FunctionT]:
    """`--state DIR`, explained by `text`."""
    return click.option("--state", type=click.Path(readable=False), metavar="DIR", help=text)


def config_option(function: FunctionT) -> FunctionT:
    """`--config FILE`."""
    return click.option(
        "--config",
        type=FILE,
        metavar="FILE",
        help="Read this file; otherwise /etc/doorward/doorward.toml, or that of your configuration folder.",
    )(function)


def loop_option(function: FunctionT) -> FunctionT:
    """`--loop NAME`."""
    return click.option(
        "--loop",
        type=click.Choice(["uvloop", "asyncio"]),
        default="uvloop",
        show_default=True,
        help="The event loop.",
    )(function)


def password_file_option(function: FunctionT) -> FunctionT:
    """`--password-file FILE`, of a password that there is."""
    return click.option(
        "--password-file",
        type=FILE,
        metavar="FILE",
        help="The first line is the password; otherwise $DOORWARD_PASSWORD, or a prompt.",
    )(function)


def new_password_file_option(function: FunctionT) -> FunctionT:
    """`--password-file FILE`, of a password that is to be."""
    return click.option(
        "--password-file",
        type=click.Path(readable=False, path_type=Path, allow_dash=True),
        metavar="FILE",
        help="The first line is the password; - is stdin. Otherwise it is asked for twice.",
    )(function)


def json_option(function: FunctionT) -> FunctionT:
    """`--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(function)


_OF_TARGET = (
    "at",
    "state",
    "ca",
    "fingerprint",
    "user",
    "password_file",
    "token_file",
    "may_be_overheard",
    "client_certificate",
    "client_key",
    "identity",
)
"""The options that say which daemon is meant, as `Target` names them."""


def place_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Where the daemon is, whom we take for it, and who asks; `function` gets all of it as `target`."""

    @functools.wraps(function)
    def with_target(**options: Any) -> Any:
        target = Target(**{name: options.pop(name) for name in _OF_TARGET})
        if target.client_key is not None and target.client_certificate is None:
            raise click.UsageError("--client-key goes with --client-certificate")
        if target.token_file is not None and (target.user is not None or target.password_file is not None):
            raise click.UsageError("--token-file stands alone: a token says who asks, and needs no password")
        _check_files(target)
        return function(target=target, **options)

    decorated: Callable[..., Any] = with_target
    for option in reversed((*_place(), *_trust(), *_login())):
        decorated = option(decorated)
    return decorated


def _check_files(target: Target) -> None:
    """
    Make sure that what is to log in with is there, whether this door will ask for it or not.

    Raises:
        LoginFileMissing: a file is not.
    """
    for option, file in (
        ("--password-file", target.password_file),
        ("--token-file", target.token_file),
        ("--client-certificate", target.client_certificate),
        ("--client-key", target.client_key),
        ("--identity", target.identity),
    ):
        if file is None or str(file) == "-":
            continue
        try:
            os.stat(file)
        except (OSError, ValueError) as error:
            said = getattr(error, "strerror", None) or str(error)
            raise LoginFileMissing(f"{option} {file}: {said[:1].lower()}{said[1:]}") from error


class LoginFileMissing(DoorwardError):
    """What was named to log in with is not there."""


def target_for_completion(options: Mapping[str, Any]) -> Target:
    """The target that the words typed so far mean; whoever completes a word is asked for nothing."""
    return Target(
        may_prompt=False, **{name: options[name] for name in _OF_TARGET if options.get(name) is not None}
    )


def _complete_address(
    context: click.Context, _parameter: click.Parameter, incomplete: str
) -> "list[CompletionItem]":
    # imported when a shell asks
    from click.shell_completion import CompletionItem

    from doorward.cli.known_addresses import urls_to_complete

    urls = urls_to_complete(context.params.get("state"), os.environ, incomplete)
    return [CompletionItem(url) for url in urls]


def _place() -> tuple[Option, ...]:
    return (
        click.option(
            "--at",
            metavar="URL",
            shell_complete=_complete_address,
            help="The daemon: unix://PATH, tcp://HOST:PORT, tls://HOST:PORT, http(s)://HOST[:PORT] or "
            "ssh://[USER@]HOST[:PORT].",
        ),
        state_option("The daemon's state folder. Over TLS and SSH, what identifies it there is trusted."),
    )


def _trust() -> tuple[Option, ...]:
    return (
        click.option(
            "--ca",
            type=FILE,
            metavar="FILE",
            envvar="DOORWARD_CA",
            help="Over TLS, trust only what these certificates vouch for; otherwise $DOORWARD_CA, or the "
            "system's and your own daemon's.",
        ),
        click.option(
            "--fingerprint",
            type=Fingerprint(),
            metavar="SHA256:...",
            envvar="DOORWARD_FINGERPRINT",
            help="Over TLS and SSH, trust only the certificate or host key with this fingerprint, whatever "
            "its name; otherwise $DOORWARD_FINGERPRINT.",
        ),
    )


def _login() -> tuple[Option, ...]:
    return (
        click.option(
            "--user",
            metavar="NAME",
            help="Log in as NAME; not sent where the door wants the password of one user alone.",
        ),
        password_file_option,
        click.option(
            "--token-file",
            type=FILE,
            metavar="FILE",
            help="Over HTTP, the first line is a token to log in with; otherwise $DOORWARD_TOKEN, or a "
            "password.",
        ),
        click.option(
            "--unencrypted",
            "may_be_overheard",
            is_flag=True,
            help="Over http:// to another machine, log in all the same: everybody on the way may read it.",
        ),
        click.option(
            "--client-certificate",
            type=FILE,
            metavar="FILE",
            help="Over TLS, log in with this certificate, in PEM.",
        ),
        click.option(
            "--client-key",
            type=FILE,
            metavar="FILE",
            help="Its private key; otherwise it stands in the same file.",
        ),
        click.option(
            "--identity",
            type=FILE,
            metavar="FILE",
            help="Over SSH, log in with this private key; otherwise with those of the agent and of ~/.ssh.",
        ),
    )
