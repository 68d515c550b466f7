"""Which place is meant that keeps backups, and how one gets there: by options, or by an errand."""

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from doorward.cli.options import FILE, FOLDER, Fingerprint, config_option, password_file_option
from doorward.core.backup_errands import Access, BackupErrand
from doorward.core.errors import ConfigurationError, ConnectError, DoorwardError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from doorward.core.backup_store import BackupStore
    from doorward.core.secret import Secret

_OF_FILES = ("password_file", "identity", "ca", "mount_point")
_OF_FLAGS = ("netrc", "may_be_overheard", "at_most_tls12", "is_active")
_PASSWORD_SCHEMES = ("ftp", "ftpes", "ftps")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """
    What was said about it.

    Attributes:
        url: of it; with an errand, of the errand.
        access: how one gets there.
        errand: the one that was named; None for none.
        password_file: as it was given, `-` for stdin; None for none.
    """

    url: str
    access: Access
    errand: BackupErrand | None
    password_file: Path | None

    def store(self) -> "BackupStore":
        """
        The place; nothing is connected yet, but a password may be asked for.

        Raises:
            click.UsageError: it is no place for backups.
            ConnectError, TrustError, NoPassword: what one logs in with cannot be had.
        """
        from doorward.cli.confirming import confirm

        try:
            return self._store(confirm)
        except ConnectError as error:
            if error.phase == "address" and self.errand is None:
                raise click.UsageError(f"--to {error}") from error
            raise

    def _store(self, confirm: Callable[[str], bool | None]) -> "BackupStore":
        from doorward.compose.backup_places import place_at

        return place_at(
            self.url,
            self.access,
            password=self.password(),
            environment=os.environ,
            password_from=self.password_from,
            confirm=confirm,
        )

    @property
    def password_from(self) -> str:
        """Where what `password` gives comes from, in words."""
        from doorward.cli.passwords import ENVIRONMENT_NAME

        if self.password_file is not None:
            return "stdin" if str(self.password_file) == "-" else str(self.password_file)
        return f"${ENVIRONMENT_NAME}" if os.environ.get(ENVIRONMENT_NAME) else ""

    def password(self) -> "Secret | None":
        """What is given for this command; None where a file of the errand has it, or none is wanted."""
        from doorward.cli.passwords import ENVIRONMENT_NAME, password_for_login

        parts = urlsplit(self.url)
        is_elsewhere = self.access.password_file or self.access.netrc or not parts.username
        if self.password_file is None and is_elsewhere:
            return None
        if parts.scheme not in _PASSWORD_SCHEMES and not (
            self.password_file or os.environ.get(ENVIRONMENT_NAME)
        ):
            return None
        where = f"{parts.username} at {parts.hostname}"
        return password_for_login(self.password_file, os.environ, where=where)


def place_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--to`, `--errand` and how one logs in; `function` gets all of it as `place`."""

    @functools.wraps(function)
    def with_place(**options: Any) -> Any:
        named = {name: options.pop(name) for name in ("to", "errand", "config", *_OF_FILES, *_OF_FLAGS)}
        fingerprint = options.pop("fingerprint")
        return function(place=_place(named, fingerprint or ""), **options)

    decorated: Callable[..., Any] = with_place
    for option in reversed(_options()):
        decorated = option(decorated)
    return decorated


def _place(named: dict[str, Any], fingerprint: str) -> Place:
    given = any(named[each] for each in (*_OF_FILES, *_OF_FLAGS)) or fingerprint
    if named["errand"] is not None:
        if named["to"] is not None or given:
            raise click.UsageError("--errand says where they are kept, and how one gets there; give it alone")
        errand = _errand(named["errand"], named["config"])
        return Place(url=errand.destination, access=errand.access, errand=errand, password_file=None)
    if named["to"] is None:
        raise click.UsageError("where are they kept? Say --to URL, or --errand NAME")
    paths = {
        each: str(Path(named[each]).absolute()) for each in ("identity", "ca", "mount_point") if named[each]
    }
    return Place(
        url=named["to"],
        access=Access(
            identity=paths.get("identity", ""),
            ca=paths.get("ca", ""),
            mount_point=paths.get("mount_point", ""),
            netrc=named["netrc"],
            fingerprint=fingerprint,
            may_be_overheard=named["may_be_overheard"],
            at_most_tls12=named["at_most_tls12"],
            is_active=named["is_active"],
        ),
        errand=None,
        password_file=named["password_file"],
    )


def _errand(name: str, config: Path | None) -> BackupErrand:
    from doorward.cli.configured import settings_of, tell_passed_over
    from doorward.core.nearest import did_you_mean

    tell_passed_over("", config)
    settings = settings_of(config)
    errands = _errands(settings.errands.values())
    found = errands.get(name.removeprefix("backup."))
    if found is None:
        hint = did_you_mean(name, errands) or "; `doorward errands list` has them"
        raise ConfigurationError(
            f"there is no errand {name[:64]!r} that carries backups{hint}", file=settings.file
        )
    return found


def _errands(errands: Any) -> dict[str, BackupErrand]:
    return {each.name: each for each in errands if isinstance(each, BackupErrand)}


def _complete(context: click.Context, _parameter: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    from click.shell_completion import CompletionItem

    from doorward.cli.configured import settings_of

    try:
        errands = _errands(settings_of(context.params.get("config")).errands.values())
    except (DoorwardError, OSError):
        return []
    return [CompletionItem(name) for name in sorted(errands) if name.startswith(incomplete)]


def _options() -> tuple[Callable[[Callable[..., Any]], Callable[..., Any]], ...]:
    return (
        click.option(
            "--to",
            metavar="URL",
            help="The folder in which they are kept: ftp, ftpes, ftps or sftp://USER@HOST/PATH, or "
            "file:///PATH.",
        ),
        click.option(
            "--errand",
            metavar="NAME",
            shell_complete=_complete,
            help="As the table [errands.backup.NAME] of the configuration has it.",
        ),
        config_option,
        password_file_option,
        click.option("--netrc", is_flag=True, help="Look up who logs in in $NETRC or ~/.netrc."),
        click.option(
            "--identity",
            type=FILE,
            metavar="FILE",
            help="Over SFTP, log in with this private key; otherwise with those of the agent and of ~/.ssh.",
        ),
        click.option(
            "--ca",
            type=FILE,
            metavar="FILE",
            help="Over TLS, trust only what these certificates vouch for.",
        ),
        click.option(
            "--fingerprint",
            type=Fingerprint(),
            metavar="SHA256:...",
            help="Trust only the certificate or host key with this fingerprint.",
        ),
        click.option(
            "--unencrypted",
            "may_be_overheard",
            is_flag=True,
            help="Over ftp:// to another machine, log in all the same: everybody on the way may read it.",
        ),
        click.option(
            "--at-most-tls12", is_flag=True, help="For servers of FTP that lose files over TLS 1.3."
        ),
        click.option(
            "--active",
            "is_active",
            is_flag=True,
            help="Have a server of FTP connect to this machine for files, where it lets nobody connect.",
        ),
        click.option(
            "--mount-point",
            type=FOLDER,
            metavar="DIR",
            help="Of file:///PATH, where its disk has to be mounted; otherwise as /etc/fstab has it.",
        ),
    )
