"""Backups by their names: `web.15` is number 15 of `web`."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_NUMBERED = re.compile(r"(?P<name>.+)\.(?P<number>[0-9]{1,18})", re.DOTALL)
_ANY_NUMBER = re.compile(r"(?P<name>.+)\.[0-9]+", re.DOTALL)
_PARTIAL = re.compile(r"(?P<file>.+\.[0-9]{1,18})\.[0-9a-f]{12}\.part", re.DOTALL)
_TOKEN_DIGITS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """
    One numbered file, here or there.

    Attributes:
        file: its whole name, `web.15`.
        name: what stands before the number.
        number: by which it is newer than others; `web.9` is older than `web.17`, and that than `web.100`.
        size_bytes: its length.
        changed_ns: when it was written last, in nanoseconds since 1970; 0 where nobody says.
    """

    file: str
    name: str
    number: int
    size_bytes: int
    changed_ns: int = 0


def backup_of(file: str, size_bytes: int, changed_ns: int = 0) -> Backup | None:
    """The backup that a file of this name is; None for any other file."""
    match = _NUMBERED.fullmatch(file)
    if match is None:
        return None
    return Backup(
        file=file,
        name=match["name"],
        number=int(match["number"]),
        size_bytes=size_bytes,
        changed_ns=changed_ns,
    )


def name_before_number(file: str) -> str | None:
    """What stands before the number of a file, however long that is; None for a file without one."""
    match = _ANY_NUMBER.fullmatch(file)
    return None if match is None else match["name"]


def by_name(backups: Iterable[Backup]) -> Mapping[str, list[Backup]]:
    """The backups of each name, the newest first; two of one number beside each other."""
    found: dict[str, list[Backup]] = {}
    for backup in backups:
        found.setdefault(backup.name, []).append(backup)
    return {name: newest_first(each) for name, each in sorted(found.items())}


def newest_first(backups: Iterable[Backup]) -> list[Backup]:
    """`backups` by falling numbers."""
    return sorted(backups, key=lambda backup: (-backup.number, backup.file))


def partial_name(backup: Backup) -> str:
    """
    What a file is called there until it is whole.

    It has no number at its end, so nobody takes it for a backup. And it is another one once the file here was
    written anew: the rest of it is never put behind a part of what it was.
    """
    facts = f"{backup.size_bytes} {backup.changed_ns}".encode()
    return f"{backup.file}.{hashlib.sha256(facts).hexdigest()[:_TOKEN_DIGITS]}.part"


def file_of_partial(name: str) -> str | None:
    """Of which file `name` is a part, as `partial_name` has it; None for what is no part."""
    match = _PARTIAL.fullmatch(name)
    return None if match is None else match["file"]


def name_of_partial(name: str) -> str | None:
    """What stands before the number of the file that `name` is a part of; None for what is no part."""
    file = file_of_partial(name)
    return None if file is None else name_before_number(file)


def is_ours(file: str, names: Iterable[str]) -> bool:
    """Whether `file` is a backup of one of `names`, or a part of one; with no names, of any."""
    wanted = frozenset(names)
    backup = backup_of(file_of_partial(file) or file, 0)
    return backup is not None and (not wanted or backup.name in wanted)
