"""The path of a request, as the names to look up one below the other; nothing is looked up here."""

import re
from dataclasses import dataclass
from urllib.parse import quote_from_bytes, unquote_to_bytes

NAME_BYTES = 255
"""The longest name of Linux, NAME_MAX."""

NAMES_MOST = 256
"""Folders below each other that are gone into; a head of 16 KiB could name thousands."""

_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_NO_NAMES = frozenset({b".", b".."})


@dataclass(frozen=True, slots=True)
class Target:
    """
    What a path asks for.

    Attributes:
        names: of the folders and, at the end, of the file; none is empty, `.` or `..`, or has a slash.
        is_folder: the path ends in a slash, so that only a folder is meant.
    """

    names: tuple[bytes, ...]
    is_folder: bool


def parse_target(path: str, *, shows_hidden: bool) -> Target | None:
    """
    Read the path of a request below a mount.

    Names are what the octets say after one decoding, whatever their character set; a second decoding never
    happens. Slashes that follow each other count as one. A backslash is a character as others are.

    Args:
        path: as it came, escaped, without the query; empty, or it begins with a slash.
        shows_hidden: names that begin with a dot can be asked for.

    Returns:
        None when no file can have this path: a bad escape, a NUL or a slash in a name, a name of dots alone,
        a hidden one, one that is too long, or too many.

    Source: RFC 3986 section 3.3; dots are for the client to remove (section 5.2.4), and ours never climb.
    """
    if (path and not path.startswith("/")) or _BAD_ESCAPE.search(path):
        return None
    parts = path.encode("utf-8", "surrogateescape").split(b"/")
    names = tuple(unquote_to_bytes(part) for part in parts if part)
    if len(names) > NAMES_MOST or not all(is_name(name, shows_hidden=shows_hidden) for name in names):
        return None
    return Target(names, is_folder=path.endswith("/"))


def is_name(name: bytes, *, shows_hidden: bool) -> bool:
    """Whether something in a folder can be called so, and be seen."""
    return (
        0 < len(name) <= NAME_BYTES
        and name not in _NO_NAMES
        and b"/" not in name
        and b"\0" not in name
        and (shows_hidden or not name.startswith(b"."))
    )


def escaped(name: bytes) -> str:
    """`name` as one segment of a path; what begins with dots or has a colon is one too."""
    return quote_from_bytes(name, safe="")


def with_slash(path: str, query: str) -> str:
    """
    Where the folder at `path` really is: the same with a slash at its end, relative to `path`.

    Relative, because a proxy in front may have taken the beginning away, and so that a path that begins with
    two slashes never becomes the name of another host.
    """
    last = unquote_to_bytes(path.encode("utf-8", "surrogateescape").rpartition(b"/")[2])
    return f"./{escaped(last)}/" + (f"?{query}" if query else "")
