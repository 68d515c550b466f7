"""What is in a folder, for whoever may see it."""

import enum
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from doorward.doors.web.files.targets import is_name
from doorward.doors.web.files.walk import NotThere, Walk

LOOKED_AT_MOST = 10_000
"""Names of one folder that are read; sorting needs all that is known of each."""

SHOWN_MOST = 1000
"""Entries of one listing: more is nothing that a person reads."""


class Column(enum.Enum):
    """By what a listing is sorted."""

    NAME = "name"
    SIZE = "size"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Order:
    """By what, and whether the largest or latest comes first."""

    column: Column = Column.NAME
    is_reversed: bool = False

    def __str__(self) -> str:
        return ("-" if self.is_reversed else "") + self.column.value


@dataclass(frozen=True, slots=True)
class Entry:
    """
    One that can be asked for.

    Attributes:
        name: as the file system has it.
        is_folder: so that its address ends in a slash.
        size_bytes: 0 for a folder.
        modified_at: in seconds since 1970.
    """

    name: bytes
    is_folder: bool
    size_bytes: int
    modified_at: float


@dataclass(frozen=True, slots=True)
class Listing:
    """
    A folder's entries.

    Attributes:
        names: of the folders that lead to it, itself last; none for the root of the mount.
        entries: in their order, folders first.
        order: theirs.
        left_out: how many are not among them.
        is_whole: the folder has no more names than were read, so that `left_out` is exact.
    """

    names: tuple[bytes, ...]
    entries: tuple[Entry, ...]
    order: Order
    left_out: int = 0
    is_whole: bool = True


def order_of(text: str) -> Order:
    """The order that `sort` of a query says: `size`, or `-size` for the largest first; by name otherwise."""
    word = text.removeprefix("-")
    known = {column.value: column for column in Column}
    return Order(known[word], is_reversed=text.startswith("-")) if word in known else Order()


def arranged(names: tuple[bytes, ...], entries: Iterable[Entry], order: Order, *, is_whole: bool) -> Listing:
    """Put `entries` in their order, and leave out those beyond `SHOWN_MOST`."""
    known = sorted(entries, key=lambda entry: (entry.name.lower(), entry.name))
    match order.column:
        case Column.NAME:
            known.sort(key=lambda entry: (entry.name.lower(), entry.name), reverse=order.is_reversed)
        case Column.SIZE:
            known.sort(key=lambda entry: entry.size_bytes, reverse=order.is_reversed)
        case Column.TIME:
            known.sort(key=lambda entry: entry.modified_at, reverse=order.is_reversed)
    known.sort(key=lambda entry: not entry.is_folder)
    left_out = max(len(known) - SHOWN_MOST, 0)
    return Listing(names, tuple(known[:SHOWN_MOST]), order, left_out=left_out, is_whole=is_whole)


def read_entries(
    root: bytes, names: tuple[bytes, ...], descriptor: int, *, shows_hidden: bool
) -> tuple[list[Entry], bool]:
    """
    The entries of the open folder `descriptor`, which `names` lead to; blocks.

    Only what would be served is listed: files that can be read and folders that can be entered, and links
    that lead to one of them without leaving the root.

    Returns:
        They, and whether all names were read.
    """
    entries: list[Entry] = []
    with os.scandir(descriptor) as found:
        for count, each in enumerate(found):
            if count >= LOOKED_AT_MOST:
                return entries, False
            name = os.fsencode(each.name)
            if is_name(name, shows_hidden=shows_hidden):
                entries.extend(_entry(root, names, descriptor, name, shows_hidden=shows_hidden))
    return entries, True


def _entry(
    root: bytes, names: tuple[bytes, ...], descriptor: int, name: bytes, *, shows_hidden: bool
) -> Iterator[Entry]:
    try:
        facts = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
        if stat.S_ISLNK(facts.st_mode):
            facts = _target_facts(root, (*names, name), shows_hidden=shows_hidden)
        elif not _can_be_opened(name, descriptor, facts.st_mode):
            return
    except (OSError, NotThere):
        return
    if stat.S_ISDIR(facts.st_mode):
        yield Entry(name, is_folder=True, size_bytes=0, modified_at=facts.st_mtime)
    elif stat.S_ISREG(facts.st_mode):
        yield Entry(name, is_folder=False, size_bytes=facts.st_size, modified_at=facts.st_mtime)


def _can_be_opened(name: bytes, descriptor: int, mode: int) -> bool:
    wanted = os.R_OK | os.X_OK if stat.S_ISDIR(mode) else os.R_OK
    # the effective user is who will open it
    return os.access(name, wanted, dir_fd=descriptor, effective_ids=True)


def _target_facts(root: bytes, names: tuple[bytes, ...], *, shows_hidden: bool) -> os.stat_result:
    """
    What a link leads to.

    Raises:
        NotThere: nothing that is served.
    """
    with Walk(root, shows_hidden=shows_hidden) as walk:
        file = walk.go(names)
        descriptor = walk.open_folder() if file is None else walk.open_file(file)
        try:
            return os.fstat(descriptor)
        finally:
            os.close(descriptor)
