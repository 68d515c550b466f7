"""A folder of this machine, where it is and how it is entered."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote

from doorward.clients.folder.descriptors import Descriptor
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
    """

    def __init__(self, folder: Path, *, mount_point: Path | None = None, fstab: Path = FSTAB) -> None:
        self._folder = folder
        self._mount_point = mount_point
        self._fstab = fstab

    @property
    def address(self) -> str:
        """See `BackupStore`."""
        return f"file://{quote(os.fsencode(self._folder))}"

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[FolderPlace]:
        """See `BackupStore`."""
        folder = Descriptor(await in_thread(self.address, "connect", self._open), self.address)
        try:
            yield FolderPlace(self.address, folder)
        finally:
            folder.close()

    async def make_folder(self) -> None:
        """See `BackupStore`; a folder of a disk that is not mounted is not made."""
        await in_thread(self.address, "connect", self._make)

    def _open(self) -> int:
        self._check_mounted()
        return os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def _make(self) -> None:
        self._check_mounted()
        self._folder.mkdir(exist_ok=True)
        parent = os.open(self._folder.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(parent)
        finally:
            os.close(parent)

    def _check_mounted(self) -> None:
        check_mounted(self.address, self._folder, mount_point=self._mount_point, fstab=self._fstab)
