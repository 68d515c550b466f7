"""A folder of this machine, where it is and how it is entered."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from doorward.clients.folder.apart import check_apart, check_made_apart
from doorward.clients.folder.descriptors import opened
from doorward.clients.folder.mounting import FSTAB, check_mounted
from doorward.clients.folder.place import FolderPlace
from doorward.clients.folder.telling import in_thread


class FolderStore:
    """
    A `BackupStore` that is a folder of this machine, such as one of a mounted disk.

    Args:
        folder: absolute.
        mount_point: where something has to be mounted for the folder to be the one that is meant; None for
            wherever the table of file systems says that something is to be.
        fstab: that table.
        source: where the backups are made, from which this folder has to be apart; None for nowhere here.
    """

    def __init__(
        self,
        folder: Path,
        *,
        mount_point: Path | None = None,
        fstab: Path = FSTAB,
        source: Path | None = None,
    ) -> None:
        self._folder = folder
        self._source = source
        self._mount_point = mount_point
        self._fstab = fstab

    @property
    def address(self) -> str:
        """See `BackupStore`."""
        return f"file://{quote(os.fsencode(self._folder))}"

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[FolderPlace]:
        """See `BackupStore`."""
        folder = await opened(self.address, "connect", self._open)
        try:
            yield FolderPlace(self.address, folder)
        finally:
            folder.close()

    async def make_folder(self) -> None:
        """See `BackupStore`; a folder of a disk that is not mounted is not made."""
        await in_thread(self.address, "connect", self._make)

    def apart_from(self, source: Path) -> "FolderStore":
        """The same folder, which is not entered if backups are made there, in it, or around it."""
        return FolderStore(self._folder, mount_point=self._mount_point, fstab=self._fstab, source=source)

    def look(self) -> None:
        """
        Look whether it is apart from where the backups are made, as far as both are there; waits for a disk.

        Raises:
            StoreError: it is not.
        """
        with suppress(OSError):
            os.close(self._opened(self._folder))

    def _open(self) -> int:
        self._check_mounted()
        return self._opened(self._folder)

    def _opened(self, folder: Path) -> int:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            if self._source is not None:
                check_apart(self.address, descriptor, self._source)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    def _make(self) -> None:
        self._check_mounted()
        try:
            os.close(self._opened(self._folder))
        except FileNotFoundError:
            self._make_in(self._folder.parent)

    def _make_in(self, folder: Path) -> None:
        parent = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            if self._source is not None:
                check_made_apart(self.address, parent, self._source)
            self._folder.mkdir(exist_ok=True)
            os.fsync(parent)
        finally:
            os.close(parent)

    def _check_mounted(self) -> None:
        check_mounted(self.address, self._folder, mount_point=self._mount_point, fstab=self._fstab)
