"""Files read whole and their SHA-256, computed in threads: a loop has others to serve meanwhile."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from doorward.core.backup_source import OpenBackup
from doorward.core.backup_store import BackupPlace, StoreError, Trouble
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


async def read_there(
    place: BackupPlace, file: str, *, size_bytes: int, from_offset: int = 0
) -> AsyncGenerator[bytes, None]:
    """
    Yield the bytes of a file there that is `size_bytes` long, from `from_offset` on.

    A list said how long it is. Who would send without end is held to that.

    Raises:
        StoreError: it could not be read; permanent where it is longer or shorter.
    """
    at = from_offset
    async with aclosing(place.read(file, from_offset=at)) as pieces:
        async for piece in pieces:
            at += len(piece)
            if at > size_bytes:
                raise _other_length(file, f"more than the {size_bytes} bytes come that it has by the list")
            yield piece
    if at < size_bytes:
        raise _other_length(file, f"{at} bytes came of the {size_bytes} that it has by the list")


def _other_length(file: str, problem: str) -> StoreError:
    return StoreError(file, "read", problem, "Did it change there?", trouble=Trouble.PERMANENT)


async def digest_there(
    place: BackupPlace,
    file: str,
    *,
    size_bytes: int,
    pace: Pace,
    moved: Callable[[int], object] = lambda _: None,
) -> str:
    """
    The SHA-256 of what comes back when `file` is read; `moved` hears how far that is.

    Raises:
        StoreError: as `read_there`.
    """
    digest = Digest()
    async with aclosing(read_there(place, file, size_bytes=size_bytes)) as pieces:
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
