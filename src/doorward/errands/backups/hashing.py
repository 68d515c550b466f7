"""SHA-256 of files here and there, computed in threads: a loop has others to serve meanwhile."""

import asyncio
import hashlib
from collections.abc import Callable
from contextlib import aclosing

from doorward.core.backup_source import OpenBackup
from doorward.core.backup_store import BackupPlace
from doorward.errands.backups.pace import Pace


class Digest:
    """
    The SHA-256 of bytes that go by.

    Attributes:
        size_bytes: how many went by.
    """

    def __init__(self) -> None:
        self.size_bytes = 0
        self._hash = hashlib.sha256()

    async def take(self, piece: bytes) -> None:
        """Let the next bytes go by."""
        await asyncio.to_thread(self._hash.update, piece)
        self.size_bytes += len(piece)

    @property
    def hexadecimal(self) -> str:
        """64 digits in lower case."""
        return self._hash.hexdigest()


async def digest_there(
    place: BackupPlace, file: str, pace: Pace, moved: Callable[[int], object] = lambda _: None
) -> str:
    """
    The SHA-256 of what comes back when `file` is read; `moved` hears how far that is.

    Raises:
        StoreError: it could not be read whole.
    """
    digest = Digest()
    async with aclosing(place.read(file)) as pieces:
        async for piece in pieces:
            await digest.take(piece)
            moved(digest.size_bytes)
            await pace.take(len(piece))
    return digest.hexadecimal


async def digest_here(opened: OpenBackup, size_bytes: int, *, piece_bytes: int) -> str:
    """
    The SHA-256 of so many bytes of a file.

    Raises:
        BackupError: it cannot be read, or is shorter.
    """
    digest = Digest()
    while left := size_bytes - digest.size_bytes:
        await digest.take(await opened.read(digest.size_bytes, min(piece_bytes, left)))
    return digest.hexadecimal
