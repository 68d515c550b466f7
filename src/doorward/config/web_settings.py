"""What the table `[doors.web]` says beside where it listens and its certificate."""

import ipaddress
import re
from dataclasses import replace
from urllib.parse import urlsplit

from doorward.config.mount_settings import read_mounts
from doorward.config.report import Key, Report, found_in
from doorward.config.shapes import WebShape
from doorward.core.settings import DoorSettings

_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?")
_URL = re.compile(r"(https?)://([A-Za-z0-9_.-]{1,253}|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?/?")


def with_web(door: DoorSettings, shape: WebShape, key: Key, report: Report) -> DoorSettings:
    """
    `door` with what `shape` says.

    Args:
        door: so far.
        shape: the table.
        key: where it stands.
        report: gets what is wrong.
    """
    public_url = _public_url(shape.public_url, (*key, "public_url"), report)
    public_host = [host] if (host := urlsplit(public_url).hostname) else []
    return replace(
        door,
        public_url=public_url,
        proxies=tuple(
            network
            for index, text in enumerate(shape.proxies)
            if (network := _network(text, (*key, "proxies", index), report))
        ),
        hosts=(
            *public_host,
            *(
                host.lower()
                for index, host in enumerate(shape.hosts)
                if _is_host(host, (*key, "hosts", index), report)
            ),
        ),
        mounts=read_mounts(shape.files, (*key, "files"), report),
    )


def _public_url(text: str | None, key: Key, report: Report) -> str:
    if not text:
        return ""
    if not _URL.fullmatch(text):
        expected = "https://NAME or https://NAME:PORT, without a path"
        report.add(key, "this is no address of a whole server", expected=expected, found=found_in(text))
        return ""
    return text.rstrip("/").lower()


def _network(text: str, key: Key, report: Report) -> str:
    try:
        return str(ipaddress.ip_network(text))
    except ValueError:
        expected = '"192.0.2.1" or "192.0.2.0/24"'
        report.add(key, "this is no address or network", expected=expected, found=found_in(text))
        return ""


def _is_host(text: str, key: Key, report: Report) -> bool:
    if _NAME.fullmatch(text):
        return True
    expected = "the name of this server without a port, such as ops.example.org"
    report.add(key, "this is no name of a host", expected=expected, found=found_in(text))
    return False
