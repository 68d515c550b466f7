"""What `serve` prints when the doors are open: for each of them, the very line to type."""

import contextlib
import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from doorward import __version__
from doorward.cli.daemon import Target, candidate_urls
from doorward.cli.screen import aligned
from doorward.core.catalogue import Catalogue
from doorward.core.errors import DoorwardError, one_line
from doorward.core.settings import TCP, UNIX
from doorward.stores.users import UserFile

if TYPE_CHECKING:
    from doorward.compose import Opened

_SHOWN_COMMANDS = ("df", "uptime", "help")


def banner(opened: "Opened", *, program: str, environment: Mapping[str, str]) -> str:
    """Lines for people; `program` is how they call this program."""
    asked = _shown_command(opened.settings.catalogue)
    rows: list[tuple[str, str]] = []
    for door, addresses in opened.doors.items():
        lines = _lines_to_type(
            door, addresses, asked, opened=opened, program=program, environment=environment
        )
        rows += [("" if index else door, line) for index, line in enumerate(lines)]
    configuration = opened.settings.file or f"none, these are the defaults ({program} init writes one)"
    facts = [("configuration", configuration), ("state", str(opened.state_folder))]
    told = [*opened.notices, *_shut_socket(opened)]
    notices = "".join(f"Notice: {one_line(notice)}\n" for notice in told)
    return (
        f"Doorward {__version__} is open. Type one of these in another terminal:\n\n"
        f"{aligned(rows)}\n{aligned(facts)}\n{notices}Ctrl-C ends it.\n"
    )


def _shut_socket(opened: "Opened") -> list[str]:
    """Tell of a unix socket in a folder that those cannot enter who are users by their uid."""
    path = next(iter(opened.doors.get(UNIX, ())), "")
    if not path or not _has_users_with_uid(opened):
        return []
    shut = next((each for each in Path(path).parents if not each.stat().st_mode & 0o011), None)
    if shut is None:
        return []
    if os.geteuid() == 0:
        remedy = 'set listen = "/run/doorward/doorward.sock" under [doors.unix]'
        return [f"only root reaches the socket {path}; {remedy}"]
    remedy = "set listen under [doors.unix] to a path in a folder that they may enter"
    return [f"only root and you reach the socket {path}, since nobody else may enter {shut}; {remedy}"]


def _has_users_with_uid(opened: "Opened") -> bool:
    own = {0, os.geteuid()}
    users = [*opened.settings.users.values()]
    with contextlib.suppress(DoorwardError):
        users += UserFile(opened.state_folder).load()
    return any(user.uid is not None and user.uid not in own for user in users)


def _lines_to_type(
    door: str,
    addresses: tuple[str, ...],
    asked: str,
    *,
    opened: "Opened",
    program: str,
    environment: Mapping[str, str],
) -> list[str]:
    if door == TCP:
        lines = [f"nc {_host_and_port(address)}" for address in addresses]
        return [*lines, f"printf '{asked}\\n' | nc -N {_host_and_port(addresses[0])}"]
    if door == UNIX:
        where = _where(addresses[0], opened.state_folder, environment)
        return [f"{program} ask {where}{asked}"]
    return list(addresses)


def _host_and_port(address: str) -> str:
    host, _, port = address.rpartition(":")
    return f"{host.strip('[]')} {port}"


def _where(path: str, state_folder: Path, environment: Mapping[str, str]) -> str:
    """The option that `ask` needs to find the socket; none when it looks there first by itself."""
    if next(candidate_urls(Target(), environment), "") == f"unix://{path}":
        return ""
    relative = os.path.relpath(state_folder)
    return f"--state {shlex.quote(min(relative, str(state_folder), key=len))} "


def _shown_command(catalogue: Catalogue) -> str:
    for name in _SHOWN_COMMANDS:
        command = catalogue.commands.get(name)
        if command is not None and not any(parameter.is_required for parameter in command.parameters):
            return name
    return "help"
