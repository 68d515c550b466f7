"""What `serve` prints when the doors are open: for each of them, the very line to type."""

import os
import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from doorward import __version__
from doorward.cli.daemon import candidate_urls
from doorward.cli.target import Target
from doorward.core.addresses import parse_address
from doorward.core.catalogue import Catalogue
from doorward.core.columns import aligned
from doorward.core.errors import one_line
from doorward.core.principal import ADMIN, User
from doorward.core.settings import SSH, TCP, TLS, UNIX, WEB, DoorSettings
from doorward.core.users import doors_for
from doorward.stores.first_start import FirstUser
from doorward.stores.places import CERTIFICATE_NAME, ask_places

if TYPE_CHECKING:
    from doorward.compose.opened import Opened

_SHOWN_COMMANDS = ("df", "uptime", "help")


def banner(opened: "Opened", *, program: str, environment: Mapping[str, str]) -> str:
    """Lines for people; `program` is how they call this program."""
    scene = _Scene(opened, _shown_command(opened.settings.catalogue), program, environment)
    rows: list[tuple[str, str]] = []
    for door, addresses in opened.doors.items():
        lines = _LINES[door](door, addresses, scene)
        rows += [("" if index else door, line) for index, line in enumerate(lines)]
    configuration = opened.settings.file or f"none, these are the defaults ({program} init writes one)"
    facts = [("configuration", configuration), ("state", str(opened.state_folder))]
    facts += [("host key", opened.host_key)] if opened.host_key else []
    facts += [("certificate", str(certificate)) for certificate in opened.certificates.values()]
    told = [*opened.notices, *_shut_socket(opened), *_logins_of_nobody(opened, program)]
    notices = "".join(f"Notice: {one_line(notice)}\n" for notice in told)
    return (
        f"Doorward {__version__} is open. Type one of these in another terminal:\n\n"
        f"{aligned(rows)}\n{aligned(facts)}\n{_first_login(opened.first_user)}{notices}Ctrl-C ends it.\n"
    )


@dataclass(frozen=True, slots=True)
class _Scene:
    """What the lines to type depend on beside their door."""

    opened: "Opened"
    asked: str
    program: str
    environment: Mapping[str, str]


def _first_login(user: FirstUser | None) -> str:
    if user is None:
        return ""
    return f"The password of {user.name}, shown this once: {user.password.revealed}\n\n"


def _logins_of_nobody(opened: "Opened", program: str) -> list[str]:
    return [
        f"nobody can log in at the {door.name} door yet; type: {program} user add NAME"
        for door in opened.settings.doors.values()
        if door.kind.asks_login and not any(doors_for(user, [door]) for user in opened.users)
    ]


def _shut_socket(opened: "Opened") -> list[str]:
    """Tell of a unix socket in a folder that those cannot enter who are users by their uid."""
    path = next(iter(opened.doors.get(UNIX, ())), "")
    # an abstract one, which may be inherited, stands in no folder
    if not path.startswith("/") or not _has_uids(opened.users):
        return []
    shut = next((each for each in Path(path).parents if not _may_be_entered(each)), None)
    if shut is None:
        return []
    if os.geteuid() == 0:
        remedy = 'set listen = "/run/doorward/doorward.sock" under [doors.unix]'
        return [f"only root reaches the socket {path}; {remedy}"]
    remedy = "set listen under [doors.unix] to a path in a folder that they may enter"
    return [f"only root and you reach the socket {path}, since nobody else may enter {shut}; {remedy}"]


def _may_be_entered(folder: Path) -> bool:
    try:
        return bool(folder.stat().st_mode & 0o011)
    except OSError:
        # an inherited socket may stand where a unit of systemd hides the folder from us
        return False


def _has_uids(users: Iterable[User]) -> bool:
    own = {0, os.geteuid()}
    return any(user.uid is not None and user.uid not in own for user in users)


def _tcp_lines(_name: str, addresses: tuple[str, ...], scene: _Scene) -> list[str]:
    lines = [f"nc {_host_and_port(address)}" for address in addresses]
    return [*lines, f"printf '{scene.asked}\\n' | nc -N {_host_and_port(addresses[0])}"]


def _unix_lines(_name: str, addresses: tuple[str, ...], scene: _Scene) -> list[str]:
    where = _where(addresses[0], scene.opened.state_folder, scene.environment)
    return [f"{scene.program} ask {where}{scene.asked}"]


def _tls_lines(name: str, addresses: tuple[str, ...], scene: _Scene) -> list[str]:
    opened = scene.opened
    door = opened.settings.doors[name]
    is_own = not door.certificate
    names = () if is_own else opened.certificates[name].names
    hosts = list(dict.fromkeys(_to_connect(address, names) for address in addresses))
    where = _where_to_trust(opened.state_folder, scene.environment) if is_own else ""
    login = f"--user {user} " if (user := _name_to_type(door, opened.users)) else ""
    return [
        *(f"openssl s_client -quiet -connect {shlex.quote(host)}" for host in hosts),
        f"{scene.program} ask {where}--at {shlex.quote(f'tls://{hosts[0]}')} {login}{scene.asked}",
    ]


def _web_lines(name: str, addresses: tuple[str, ...], scene: _Scene) -> list[str]:
    opened = scene.opened
    door = opened.settings.doors[name]
    certificate = opened.certificates.get(name)
    names = certificate.names if certificate is not None and door.certificate else ()
    urls = [
        f"{'https' if door.encrypts(address) else 'http'}://{_to_connect(address, names)}"
        for address in addresses
    ]
    own = scene.opened.state_folder / CERTIFICATE_NAME
    trusted = f"--cacert {shlex.quote(str(own))} " if certificate is not None and not door.certificate else ""
    user = next((user.name for user in opened.users if user.password_hash is not None), "NAME")
    where = _where_to_trust(opened.state_folder, scene.environment) if trusted else ""
    return [
        *(f"{door.public_url or url}/ in a browser" for url in urls[:1]),
        f"curl {trusted}-u {user} {urls[0]}/{scene.asked}",
        f"{scene.program} ask {where}--at {shlex.quote(urls[0])} --user {user} {scene.asked}",
    ]


def _ssh_lines(name: str, addresses: tuple[str, ...], scene: _Scene) -> list[str]:
    user = _user_of_ssh(scene.opened.settings.doors[name], scene.opened.users)
    lines = []
    for address in addresses:
        where = parse_address(address).from_here
        lines.append(f"ssh -p {where.port} {shlex.quote(f'{user}@{where.host}')}")
    at = shlex.quote(f"ssh://{user}@{_to_connect(addresses[0], ())}")
    return [f"{lines[0]} {scene.asked}", *lines, f"{scene.program} ask --at {at} {scene.asked}"]


def _user_of_ssh(door: DoorSettings, users: Iterable[User]) -> str:
    names = [user.name for user in users if doors_for(user, [door])]
    return ADMIN if ADMIN in names or not names else names[0]


_LINES: Mapping[str, Callable[[str, tuple[str, ...], _Scene], list[str]]] = MappingProxyType(
    {TCP: _tcp_lines, TLS: _tls_lines, WEB: _web_lines, UNIX: _unix_lines, SSH: _ssh_lines}
)


def _to_connect(address: str, names: tuple[str, ...]) -> str:
    """Where a client on this machine goes: by the name that the certificate is for, if it says one."""
    where = parse_address(address).from_here
    if names and names[0].isprintable() and not names[0].startswith("*"):
        return f"{names[0]}:{where.port}"
    return str(where)


def _name_to_type(door: DoorSettings, users: Iterable[User]) -> str:
    """Whose name stands before the password; empty where the password alone is asked for."""
    names = [user.name for user in users if user.password_hash is not None]
    if door.user or len(names) < 2:
        return ""
    return ADMIN if ADMIN in names else names[0]


def _where_to_trust(state_folder: Path, environment: Mapping[str, str]) -> str:
    """The option with which `ask` finds the certificate to trust; none when it looks there by itself."""
    places = ask_places(at=None, named=None, environment=environment)
    if state_folder in {place.folder_to_trust for place in places}:
        return ""
    return f"--state {_shortest(state_folder)} "


def _host_and_port(address: str) -> str:
    host, _, port = address.rpartition(":")
    return f"{host.strip('[]')} {port}"


def _where(path: str, state_folder: Path, environment: Mapping[str, str]) -> str:
    """The option that `ask` needs to find the socket; none when it looks there first by itself."""
    if next(candidate_urls(Target(), environment), "") == f"unix://{path}":
        return ""
    return f"--state {_shortest(state_folder)} "


def _shortest(folder: Path) -> str:
    return shlex.quote(min(os.path.relpath(folder), str(folder), key=len))


def _shown_command(catalogue: Catalogue) -> str:
    for name in _SHOWN_COMMANDS:
        command = catalogue.commands.get(name)
        if command is not None and not any(parameter.is_required for parameter in command.parameters):
            return name
    return "help"
