"""Where an endpoint really is, and with what one logs in there: by the URL first, then by `~/.ssh/config`."""

import os
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from asyncssh.config import ConfigParseError, SSHClientConfig, SSHConfig

from doorward.clients._endpoints import SshEndpoint
from doorward.core.errors import ConnectError

USUAL_PORT = 22
"""Source: RFC 4253 section 4.1."""

_SYSTEM_KNOWN_HOSTS = ("/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2")
_USER_KNOWN_HOSTS = ("known_hosts", "known_hosts2")
"""Source: GlobalKnownHostsFile and UserKnownHostsFile of ssh_config(5)."""

_USER_KEYS = ("id_ed25519", "id_ed25519_sk", "id_ecdsa", "id_ecdsa_sk", "id_rsa")
"""Source: IdentityFile of ssh_config(5), without DSA."""

_INCLUDES_DEEP = 16
"""Source: READCONF_MAX_DEPTH of OpenSSH's readconf.c."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """
    What is known before anything is connected.

    Attributes:
        endpoint: with the host and the port that are connected to.
        user: to log in as.
        known_as: what the host is called in files of known hosts.
        user_known_hosts: files of known hosts; a new one goes to the first.
        system_known_hosts: others.
        keys: files of private keys to show, which exist; a certificate may lie beside each.
        shows_agents_keys: those that an agent holds too.
        agent: the socket of it; empty for none.
    """

    endpoint: SshEndpoint
    user: str
    known_as: str
    user_known_hosts: tuple[Path, ...]
    system_known_hosts: tuple[Path, ...]
    keys: tuple[Path, ...]
    shows_agents_keys: bool
    agent: str


def destination_of(endpoint: SshEndpoint) -> Destination:
    """
    Where `endpoint` is; the configuration of SSH is read.

    Of it these count: Host, Match (but exec), Include, HostName, Port, User, HostKeyAlias, IdentityFile,
    IdentitiesOnly, IdentityAgent, UserKnownHostsFile and GlobalKnownHostsFile. Algorithms, forwarding and the
    environment are not its matter here.

    Raises:
        ConnectError: it cannot be read, or wants another program in between.
    """
    identity = endpoint.identity
    config = _config_of(endpoint)
    if any(config.get(option) for option in ("ProxyJump", "ProxyCommand")):
        raise _refused(
            endpoint,
            "its configuration leads there through another program or host (ProxyJump, ProxyCommand)",
            f"Forward a port: ssh -N -L 7025:HOST:PORT {shlex.quote(endpoint.host)}",
        )
    host = str(config.get("Hostname") or endpoint.host)
    port = endpoint.port or _number(config.get("Port")) or USUAL_PORT
    if not 0 < port < 65536:
        raise _refused(endpoint, f"its configuration says port {port}", "")
    user = identity.user or str(config.get("User") or identity.local_user)
    if not user:
        raise ConnectError(endpoint.url, "login", "as whom?", "Write ssh://USER@HOST:PORT.")
    named = [Path(str(each)).expanduser() for each in _list(config.get("IdentityFile"))]
    folder = identity.folder
    usual = [folder / name for name in _USER_KEYS] if folder is not None and not named else []
    agent = str(config.get("IdentityAgent", identity.agent) or "")
    return Destination(
        endpoint=replace(endpoint, host=host, port=port),
        user=user,
        known_as=str(config.get("HostKeyAlias") or host),
        user_known_hosts=_files(
            config.get("UserKnownHostsFile"),
            tuple(folder / name for name in _USER_KNOWN_HOSTS) if folder is not None else (),
        ),
        system_known_hosts=_files(config.get("GlobalKnownHostsFile"), tuple(map(Path, _SYSTEM_KNOWN_HOSTS))),
        keys=(identity.key_file,)
        if identity.key_file is not None
        else tuple(each for each in (*named, *usual) if each.is_file()),
        shows_agents_keys=identity.key_file is None and not config.get("IdentitiesOnly"),
        agent=os.path.expanduser(identity.agent if agent == "SSH_AUTH_SOCK" else agent),
    )


def _config_of(endpoint: SshEndpoint) -> SSHConfig:
    identity = endpoint.identity
    path = identity.folder / "config" if identity.folder is not None else None
    files = [path] if path is not None and path.is_file() else []
    try:
        for file in files:
            _refuse_programs(endpoint, file, file.parent, depth=0)
        config = SSHClientConfig.load(
            *(None, files, False, False, False, identity.local_user),
            *(identity.user or (), endpoint.host, endpoint.port or ()),
        )
    except OSError as error:
        said = (error.strerror or str(error)).lower()
        raise _refused(endpoint, f"{error.filename or path} cannot be read: {said}", "") from error
    except (ConfigParseError, ValueError) as error:
        raise _refused(endpoint, f"{path} is not understood: {error}", "") from error
    return config


def _refuse_programs(endpoint: SshEndpoint, file: Path, folder: Path, *, depth: int) -> None:
    """`Match exec` has whoever reads it run a shell, so it is looked for first, in what is included too."""
    if depth > _INCLUDES_DEEP:
        raise _refused(endpoint, f"{file} includes files that include others, and so on", "")
    for number, words in _lines(file):
        keyword, rest = words[0].lower(), words[1:]
        if keyword == "match" and any(word.lower().lstrip("!") == "exec" for word in rest):
            raise _refused(
                endpoint,
                f"{file} line {number} has a shell decide (Match exec), which is not done here",
                "Take it out, or ask over https://.",
            )
        for included in _included(folder, rest) if keyword == "include" else ():
            _refuse_programs(endpoint, included, folder, depth=depth + 1)


def _included(folder: Path, patterns: list[str]) -> Iterator[Path]:
    for pattern in patterns:
        path = folder / os.path.expanduser(pattern)
        yield from (found for found in Path("/").glob(str(path).lstrip("/")) if found.is_file())


def _lines(file: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines with a word in them, by number; a word is also parted by =."""
    for number, line in enumerate(file.read_text().splitlines(), 1):
        if (line := line.strip()) and not line.startswith("#"):
            words = [part for word in shlex.split(line) for part in word.split("=") if part]
            if words:
                yield number, words


def _files(said: object, usual: tuple[Path, ...]) -> tuple[Path, ...]:
    return usual if said is None else tuple(Path(str(each)).expanduser() for each in _list(said))


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _refused(endpoint: SshEndpoint, problem: str, step: str) -> ConnectError:
    return ConnectError(endpoint.url, "connect", problem, step)
