"""`doorward files`."""

import logging
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from doorward.cli.examples import WithExamples
from doorward.cli.options import loop_option, password_file_option, state_option
from doorward.core.addresses import Address, parse_address
from doorward.core.errors import DoorwardError, one_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from doorward.compose.files import FilesOptions
    from doorward.core.secret import Secret
    from doorward.doors.web.files.alone import Asked

PORT = 8080

_FILE = click.Path(path_type=Path)


class NoFolder(DoorwardError):
    """What is to be shown is no folder."""


@click.command(
    "files",
    cls=WithExamples,
    examples=(
        "doorward files                                       this folder, for this machine alone",
        "doorward files ~/site --listen 0.0.0.0 --open        for whoever reaches this machine",
        "doorward files --listen 0.0.0.0 --user alice         over TLS, for whoever knows a password",
    ),
)
@click.argument("folder", type=click.Path(path_type=Path), default=".", metavar="[DIR]")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    metavar="PORT",
    help=f"The port; 0 takes a free one. Left out, {PORT} or the next one that is free.",
)
@click.option(
    "--listen",
    default="127.0.0.1",
    show_default=True,
    metavar="ADDRESS",
    help="The address; 0.0.0.0 for all.",
)
@click.option(
    "--open",
    "is_open",
    is_flag=True,
    help="Whoever reaches this machine may read all that is in DIR, and whoever is on the way can see it.",
)
@click.option("--user", metavar="NAME", help="Ask for this name and a password; off loopback over TLS.")
@password_file_option
@click.option("--certificate", type=_FILE, metavar="FILE", help="Speak TLS with this certificate, in PEM.")
@click.option("--key", type=_FILE, metavar="FILE", help="Its private key; otherwise in the same file.")
@state_option("Where the certificate is that is shown when none is named; otherwise your own state folder.")
@click.option("--host", "hosts", multiple=True, metavar="NAME", help="A name that this server is asked by.")
@click.option("--all", "shows_hidden", is_flag=True, help="Show what begins with a dot too.")
@click.option("--no-listing", is_flag=True, help="Do not show what is in a folder without an index.html.")
@click.option("--quiet", is_flag=True, help="Print no line for each request.")
@loop_option
def command(
    *,
    folder: Path,
    port: int | None,
    listen: str,
    is_open: bool,
    user: str | None,
    password_file: Path | None,
    certificate: Path | None,
    key: Path | None,
    state: str | None,
    hosts: tuple[str, ...],
    shows_hidden: bool,
    no_listing: bool,
    quiet: bool,
    loop: str,
) -> None:
    """
    Show the files of DIR, or of this folder, to a browser or curl; nothing can be written.

    Away from loopback that wants a word more: --open for everybody, or --user for whoever knows a password.
    Ctrl-C ends it.
    """
    address = _address(listen, PORT if port is None else port)
    _check(address, is_open=is_open, user=user, key=key, certificate=certificate)
    root = _root(folder)

    from doorward.cli.openssl import use_own_openssl_configuration

    use_own_openssl_configuration(os.environ, loaded=sys.modules)

    from doorward.compose import files

    pair = None
    if certificate is not None or not (address.is_loopback or is_open):
        from doorward.stores.places import state_place

        place = state_place(state, os.environ)
        pair = files.files_certificate(certificate, key, place, wall_seconds=_wall_seconds())
    options = files.FilesOptions(
        root=root,
        address=address,
        takes_next_port=port is None,
        lists=not no_listing,
        shows_hidden=shows_hidden,
        login=None if user is None else (user, _password(user, password_file)),
        pair=pair,
        hosts=frozenset(host.lower() for host in hosts) | files.machine_names(),
        is_for_all=is_open,
        loop=loop,
    )
    on_asked = _watching(quiet=quiet)
    listener = files.listen(options)
    files.run_files(options, listener, lambda: _tell(options, listener.name), on_asked)


def _address(listen: str, port: int) -> Address:
    try:
        return parse_address(f"[{listen}]:{port}" if ":" in listen else f"{listen}:{port}")
    except ValueError:
        text = f"{listen[:60]!r} is no address such as 127.0.0.1, 0.0.0.0 or ::1; --port says which port"
        raise click.BadParameter(text, param_hint="--listen") from None


def _check(
    address: Address, *, is_open: bool, user: str | None, key: Path | None, certificate: Path | None
) -> None:
    if key is not None and certificate is None:
        raise click.UsageError("--key goes with --certificate")
    if user is not None and is_open:
        raise click.UsageError("--open is for everybody, and --user for one; take one of them")
    if user is not None and (not user or ":" in user or not user.isprintable()):
        raise click.BadParameter("a name has no colon and is not empty", param_hint="--user")
    if not (address.is_loopback or is_open or user is not None):
        raise click.UsageError(
            f"at {address.host} others than you could read the files. --open lets everybody who reaches this "
            "machine do so, in the clear; --user NAME asks for a password, over TLS"
        )


def _root(folder: Path) -> str:
    if not folder.is_dir():
        what = "is no folder" if folder.exists() else "is not there"
        raise NoFolder(f"{folder} {what}; doorward files DIR shows the files of a folder")
    return os.path.abspath(folder)


def _password(user: str, file: Path | None) -> "Secret":
    from doorward.cli.passwords import ENVIRONMENT_NAME, new_password
    from doorward.core.secret import Secret

    if file is None and (given := os.environ.get(ENVIRONMENT_NAME)):
        return Secret(given)
    return new_password(file, otherwise=f"--password-file or ${ENVIRONMENT_NAME} for {user}")


def _wall_seconds() -> float:
    from doorward.stores.clock import SystemClock

    return SystemClock.wall()


def _tell(options: "FilesOptions", name: str) -> None:
    """Say what is shown, where, and to whom."""
    scheme = "http" if options.pair is None else "https"
    address = parse_address(name)
    click.echo(f"{one_line(options.root)} is shown at {scheme}://{_reached(address)}/")
    if address.port != options.address.port and options.address.port:
        click.echo(f"Port {options.address.port} is taken, so it is {address.port}.")
    if options.is_for_all and not address.is_loopback:
        click.echo("Whoever reaches this machine can read it.")
    if options.pair is not None:
        click.echo(f"The certificate has SHA-256 {options.pair.own.fingerprint}")
    click.echo("Ctrl-C ends it.")
    sys.stdout.flush()


def _reached(address: Address) -> str:
    """Where it is reached: all addresses are no place to go to, but the machine has a name."""
    import socket

    return str(address) if address.from_here == address else f"{socket.gethostname()}:{address.port}"


def _watching(*, quiet: bool) -> "Callable[[Asked], None] | None":
    from doorward.cli.background_log import BackgroundHandler
    from doorward.cli.logs import configure_logs

    configure_logs("warning", environment=os.environ, in_background=True)
    if quiet:
        return None
    handler = BackgroundHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))

    def watch(asked: "Asked") -> None:
        line = (
            f"{time.strftime('%H:%M:%S')} {asked.host} {asked.method} {asked.target} {asked.status} "
            f"{asked.body_bytes} bytes {asked.seconds * 1000:.1f} ms"
        )
        handler.emit(logging.LogRecord(handler.name or "files", logging.INFO, "", 0, line, None, None))

    return watch
