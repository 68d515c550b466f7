"""The units of systemd that `doorward init --systemd` writes: templates with the few words that differ."""

import re
from collections.abc import Iterable, Sequence
from importlib.resources import files

from doorward.core.addresses import parse_address
from doorward.core.errors import ConfigurationError
from doorward.core.parameter_types import is_inside
from doorward.core.settings import DoorSettings

SERVICE = "doorward.service"

SYSTEM_SOCKET = "/run/doorward/doorward.sock"
"""Where the unix door is when nothing is said, in the runtime folder that the service has."""

HIDING = {
    "ProtectHome": ("/home", "/root", "/run/user"),
    "PrivateTmp": ("/tmp", "/var/tmp"),  # noqa: S108 - nothing is opened there
}
"""Settings of the service, and the folders of the machine that it does not see for each."""

HIDDEN_FOLDERS = tuple(folder for folders in HIDING.values() for folder in folders)

_PLAIN = re.compile(r"[A-Za-z0-9/._+@:,=-]+")

_UNIX_LINES = (
    "# Everybody may connect; the daemon asks the kernel who it is.\nSocketMode=0666\nDirectoryMode=0755"
)
_INTERNET_LINES = (
    "# [::] is for IPv6 alone, so that 0.0.0.0 can stand beside it.\nBindIPv6Only=ipv6-only\nBacklog=4096"
)


def is_hidden(path: str) -> bool:
    """Whether the service does not see what stands at `path`, which is absolute."""
    return stands_below(path, HIDDEN_FOLDERS)


def stands_below(path: str, folders: Iterable[str]) -> bool:
    """Whether `path`, which is absolute, is one of `folders` or stands below one."""
    return any(is_inside(path, folder) for folder in folders)


def is_plain(word: str) -> bool:
    """Whether a unit file means by `word` what stands there: no blank, quote, `%` or `$`."""
    return _PLAIN.fullmatch(word) is not None


def service_text(command: Sequence[str], *, openssl_conf: str = "") -> str:
    """
    The text of `doorward.service`.

    Args:
        command: what runs the daemon, the absolute path of a program first; plain words.
        openssl_conf: the path of our configuration of OpenSSL as the service sees it; empty when it does not.
    """
    line = f"Environment=OPENSSL_CONF={openssl_conf}" if openssl_conf else "#Environment=OPENSSL_CONF="
    return _filled(SERVICE, PROGRAM=" ".join(command), OPENSSL_CONF=line)


def socket_name(door: str) -> str:
    """The name of the socket unit of a door."""
    return f"doorward-{door}.socket"


def socket_text(door: DoorSettings) -> str:
    """
    The text of a door's socket unit.

    Raises:
        ConfigurationError: the door wants a free port, and systemd opens none that it is not told.
    """
    if door.kind.is_path:
        addresses, lines = door.listen or (SYSTEM_SOCKET,), _UNIX_LINES
    else:
        addresses, lines = door.listen, _INTERNET_LINES
        _check_ports(door.name, addresses)
    listen = "\n".join(f"ListenStream={address.replace('%', '%%')}" for address in addresses)
    return _filled("door.socket", DOOR=door.name, LISTEN=f"{listen}\n{lines}")


def _check_ports(door: str, addresses: Iterable[str]) -> None:
    for address in addresses:
        if parse_address(address).port == 0:
            raise ConfigurationError(
                "a socket unit needs a port of its own", key=f"doors.{door}.listen", found=address
            )


def _filled(template: str, **words: str) -> str:
    text = files("doorward.config").joinpath("systemd", template).read_text("utf-8")
    for name, word in words.items():
        text = text.replace(f"@{name}@", word)
    return text
