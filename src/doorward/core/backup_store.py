"""A place away from here that keeps backups: what it can do, and how it tells what went wrong."""

import enum
import re
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol

from doorward.core.errors import ConnectError

NAME_BYTES = 255
"""The longest name of a file. Source: NAME_MAX of Linux."""

LISTED_FILES = 100_000
"""How many names a folder may have; more is an error, and never a list that was cut."""

LISTING_SECONDS = 600.0
"""
How long a whole list may take, however it comes: a run that waits for one holds up all others of its folder.

A hundred thousand names of 160 bytes are there in time at 27 KB/s.
"""

_NEVER_IN_NAMES = re.compile(r"[/\x00-\x1f\x7f]")


class Trouble(enum.Enum):
    """What kind of thing went wrong, for whoever decides whether to try again."""

    TEMPORARY = "temporary"
    """A connection lost, a server too busy, an answer too late: the same may succeed soon."""
    PERMANENT = "permanent"
    """Answered alike until somebody changes something: a login, a right, a folder, a host not trusted."""
    FULL = "full"
    """No room there, on the disk or of a quota; what was sent is kept as it is."""
    TAKEN = "taken"
    """What was to get a name would have taken another's; nothing was changed."""


MAKE_ROOM = "Make room there, or ask its keeper for more."
"""What a person can do where trouble is `FULL`."""


@dataclass(eq=False)
class StoreError(ConnectError):
    """
    A store that could not do what it was asked for.

    Attributes:
        trouble: what kind of thing went wrong.
    """

    trouble: Trouble = Trouble.TEMPORARY


@dataclass(frozen=True, slots=True)
class StoredFile:
    """
    A file that a store has.

    Attributes:
        name: in its folder; surrogates stand for bytes that are no UTF-8.
        size_bytes: its length.
    """

    name: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Listing:
    """
    All the files of a store's folder; folders in it are none.

    Attributes:
        files: by name.
        passed_over: names that no file of ours can have, as they came, or of long ones the beginning; to be
            told to somebody, escaped.
        has_hidden: names that begin with a dot are among them, where there are some.
    """

    files: Mapping[str, StoredFile] = field(default_factory=dict)
    passed_over: tuple[str, ...] = ()
    has_hidden: bool = True


def is_plain_name(name: str) -> bool:
    """Whether `name` can be a file's in a folder: no `/`, no control character, neither `.` nor `..`."""
    if name in {"", ".", ".."} or _NEVER_IN_NAMES.search(name):
        return False
    try:
        return len(name.encode("utf-8", "surrogateescape")) <= NAME_BYTES
    except UnicodeEncodeError:
        return False


class BackupPlace(Protocol):
    """
    A folder that one is connected to; `BackupStore.connect` gives it. One thing at a time.

    Whatever takes a name raises a permanent StoreError, and asks nothing of the other end, where it is no
    `is_plain_name`. Everything raises StoreError, and nothing else, when it could not be done; the place may
    be used again after one, and connects anew where it has to.
    """

    async def listing(self, is_wanted: Callable[[str], bool] | None = None) -> Listing:
        """
        List the files of the folder, all of them or nothing: a list that could be cut is an error.

        Some servers keep names that begin with a dot to themselves.

        Args:
            is_wanted: of which names the files are; None for all. Where a size takes a question of its own,
                it is asked for these alone.

        Raises:
            StoreError: it could not be listed, or not within `LISTING_SECONDS`; also when there is no such
                folder.
        """

    async def size(self, name: str) -> int | None:
        """The bytes of a file; None where no file has that name: a folder may have it."""

    async def send(self, chunks: AsyncIterable[bytes], name: str, *, from_offset: int = 0) -> int:
        """
        Put a file there: in place of one that has the name, or from its end on.

        The next chunk is asked for when there is room for it, which is how whoever gives them sees how far it
        is and slows it down. What `chunks` raises is raised as it is. After any error part of the file may be
        there: `size` tells how much.

        Args:
            chunks: the bytes from `from_offset` on.
            name: of the file; a partial one, which gets its own name by `rename`.
            from_offset: in bytes; 0, or exactly the size of the file that is there.

        Returns:
            Its length in bytes, which the other end confirmed. It is on disk as far as that lets itself be
            asked to.

        Raises:
            StoreError: it is not there whole, or nobody can tell.
        """

    async def sha256(self, name: str) -> str | None:
        """
        The SHA-256 of a file as the other end computes it, in 64 lower-case hexadecimal digits.

        None where it does not offer that: then `read` is how to compare.
        """

    def read(self, name: str, *, from_offset: int = 0) -> AsyncGenerator[bytes, None]:
        """
        Yield the bytes of a file, to its end or a StoreError; `aclosing` is for where it may be left before.

        Raises:
            StoreError: there is none, it is shorter than `from_offset`, or it did not come whole.
        """

    async def rename(self, partial: str, final: str) -> None:
        """
        Give a file its name, unless something has it.

        After a connection was lost nobody knows whether it was done: `size` of both tells.

        Raises:
            StoreError: `TAKEN` where something has the name; nothing was changed then. Permanent where there
                is no such file.
        """

    async def remove(self, name: str) -> bool:
        """Remove a file; False where there was none."""


class BackupStore(Protocol):
    """Where backups are kept. Each `connect` is a connection of its own: several may be had at once."""

    @property
    def address(self) -> str:
        """The URL of the folder, for people: without a name and a password."""

    def connect(self) -> AbstractAsyncContextManager[BackupPlace]:
        """
        Log in, and enter the folder.

        Raises:
            StoreError: that could not be done; permanent where there is no such folder.
        """

    async def make_folder(self) -> None:
        """
        Make the folder, if it is not there, in one that is; for once, when a keeper begins.

        Raises:
            StoreError: it could not be made.
        """
