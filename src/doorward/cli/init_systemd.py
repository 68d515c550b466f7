"""`doorward init --systemd`: the units, and what to type for them."""

import os
import shlex
import sys
from collections.abc import Iterable
from glob import glob
from pathlib import Path

import click

from doorward.cli.openssl import openssl_configuration
from doorward.cli.program import NAME
from doorward.config import find_configuration, load_settings
from doorward.config.unit import service_machine, user_making
from doorward.config.unit_template import (
    HIDDEN_FOLDERS,
    SERVICE,
    is_hidden,
    is_plain,
    service_text,
    socket_name,
    socket_text,
)
from doorward.core.columns import aligned
from doorward.core.errors import StateError

UNIT_FOLDER = Path("/etc/systemd/system")
USER = "doorward"
STATE_FOLDER = "/var/lib/doorward"


def write_units(folder: Path, *, program: Path | None, config: Path | None, force: bool) -> None:
    """
    Write the service and a socket unit a door into `folder`, and print what comes next.

    Args:
        folder: where units stand.
        program: what the service runs; None for this program as it was called.
        config: what it reads; None for the system's, or the defaults.
        force: write over units that are there.

    Raises:
        StateError: the service could not see this program; a unit is there already, and nothing was
            written; or the system refused.
        DoorwardError: the configuration says no good doors.
    """
    settings = load_settings(find_configuration({}, config), machine=service_machine(USER))
    command = _named_command(program) if program is not None else _own_command()
    arguments = ["serve", *(("--config", str(config.absolute())) if config is not None else ())]
    _check_words([*command, *arguments])
    units = {SERVICE: service_text([*command, *arguments], openssl_conf=_openssl_conf(program))}
    units |= {socket_name(name): socket_text(door) for name, door in settings.doors.items()}
    _write(folder, units, force=force)
    looked_over = [*command, "check", *arguments[1:], "--unit", str(folder / SERVICE)]
    _tell(folder, list(units), shlex.join(looked_over))
    if config is not None and (hidden := _hidden(config)):
        click.echo(f"Notice: the service would not find {hidden}; put the configuration into /etc/doorward")


def _own_command() -> list[str]:
    """
    This program as the service has to call it.

    Raises:
        StateError: it stands, with its links followed, where the service sees nothing.
    """
    script = os.path.abspath(sys.argv[0])
    command = [script] if os.path.basename(script) == NAME else [os.path.abspath(sys.executable), "-m", NAME]
    for path in (command[0], sys.executable, str(openssl_configuration())):
        for seen in (os.path.abspath(path), os.path.realpath(path)):
            if is_hidden(seen):
                raise StateError(
                    f"the service would not find {seen}: it sees nothing of {', '.join(HIDDEN_FOLDERS)}; "
                    "install Doorward elsewhere, into a virtual environment in /opt/doorward for example, "
                    "with an interpreter of the system; or name the program with --program PATH"
                )
    return command


def _hidden(file: Path) -> str:
    """Where `file` stands, or is linked to, if the service sees nothing there; else empty."""
    return next(filter(is_hidden, (os.path.abspath(file), os.path.realpath(file))), "")


def _named_command(program: Path) -> list[str]:
    if not program.is_absolute():
        raise StateError(f"--program {program}: the service needs an absolute path")
    return [str(program)]


def _check_words(words: Iterable[str]) -> None:
    for word in words:
        if not is_plain(word):
            raise StateError(f"a unit file would not mean by {word!r} what stands there: use a plain path")


def _openssl_conf(program: Path | None) -> str:
    """
    The packaged configuration of OpenSSL: that of `program`, if it stands in a virtual environment.

    Empty where the service would not see it: `serve` then finds its own.
    """
    found = [str(openssl_configuration())]
    if program is not None:
        pattern = (
            program.parent.parent / "lib" / "python3*" / "site-packages" / "doorward/compose/openssl.cnf"
        )
        found = [*glob(str(pattern)), *found]
    seen = (path for path in found if not is_hidden(os.path.realpath(path)) and is_plain(path))
    return next(seen, "")


def _write(folder: Path, units: dict[str, str], *, force: bool) -> None:
    from doorward.stores.atomic import write_atomically

    there = [str(folder / name) for name in units if os.path.lexists(folder / name)]
    if there and not force:
        raise StateError(
            f"{', '.join(there)}: there already, and nothing was written; changes of your own belong into a "
            f"drop-in (systemctl edit {SERVICE}), and --force writes the units anew"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StateError(f"{folder} cannot be made: {error.strerror}") from error
    for name, text in units.items():
        write_atomically(folder / name, text.encode(), mode=0o644)


def _tell(folder: Path, names: list[str], check: str) -> None:
    files = [str(folder / name) for name in names]
    for file in files:
        click.echo(f"{file} is written.")
    click.echo("What you can do next:")
    rows = [
        *_missing_user(),
        ("look them over", f"systemd-analyze verify {shlex.join(files)}"),
        ("and your commands", check),
        *_copying(folder, files),
        ("then", "systemctl daemon-reload"),
        ("and start it", f"systemctl enable --now {SERVICE}"),
        ("or let systemd open a door", f"systemctl enable --now {names[-1]}"),
    ]
    click.echo(aligned(rows), nl=False)


def _copying(folder: Path, files: list[str]) -> list[tuple[str, str]]:
    if os.path.realpath(folder) == os.path.realpath(UNIT_FOLDER):
        return []
    return [("put them in their place", f"cp {shlex.join(files)} {UNIT_FOLDER}/")]


def _missing_user() -> list[tuple[str, str]]:
    import pwd

    try:
        pwd.getpwnam(USER)
    except KeyError:
        return [("make its user", user_making(USER, home=STATE_FOLDER))]
    return []
