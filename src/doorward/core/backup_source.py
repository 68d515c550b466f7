"""Where backups are made, as a port: files that may grow, change or go while they are read."""

from collections.abc import Collection
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from doorward.core.backups import Backup


@dataclass(frozen=True, slots=True)
class Found:
    """
    The backups of a folder.

    Attributes:
        backups: all of them.
        passed_over: names that would be backups, and are links, folders or the like, or have what no backup's
            name has: a control character, or a number of more than 18 digits.
    """

    backups: tuple[Backup, ...] = ()
    passed_over: tuple[str, ...] = ()


class OpenBackup(Protocol):
    """One file that is being read."""

    async def read(self, offset: int, most_bytes: int) -> bytes:
        """
        The next bytes from `offset` on, at least one.

        Raises:
            BackupError: it cannot be read, or ends before that.
        """

    async def check(self) -> None:
        """
        Make sure that it is what it was when it was listed.

        Raises:
            BackupError: it was written meanwhile, or another file has its name by now.
        """


class Source(Protocol):
    """A folder in which backups are made; `doorward.stores.backup_folder` has it."""

    @property
    def path(self) -> str:
        """Which."""

    async def found(self, names: Collection[str]) -> Found:
        """
        List the backups of these names; of any but hidden ones, where there are none.

        Raises:
            BackupError: the folder cannot be listed.
        """

    async def has(self, name: str) -> bool:
        """
        Whether something in the folder has this name.

        Raises:
            BackupError: that cannot be looked at.
        """

    def open(self, backup: Backup) -> AbstractAsyncContextManager[OpenBackup]:
        """
        Open one to read it.

        Raises:
            BackupError: it is gone, cannot be read, or is not what it was when it was listed.
        """
