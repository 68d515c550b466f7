"""`file://`: a file of this machine, read as if it came from elsewhere."""

import asyncio
import os
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import BinaryIO
from urllib.parse import unquote_to_bytes, urlsplit

from doorward.clients._in_time import in_time
from doorward.core.errors import ConnectError
from doorward.core.fetching import FetchRequest, Head

_PIECE_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class _OpenFile:
    head: Head
    file: BinaryIO

    async def pieces(self) -> AsyncIterator[bytes]:
        """As the port says."""
        while True:
            try:
                piece = await asyncio.to_thread(self.file.read, _PIECE_BYTES)
            except OSError as error:
                problem = f"it cannot be read: {error.strerror}"
                raise ConnectError(self.head.url, "read", problem) from error
            if not piece:
                return
            yield piece


class FileClient:
    """Opens regular files of this machine."""

    async def close(self) -> None:
        """Nothing is kept."""

    @asynccontextmanager
    async def open(self, request: FetchRequest) -> AsyncIterator[_OpenFile]:
        """As the port says."""
        path = _path(request.url)
        async with in_time(request.seconds, request.url):
            file = await asyncio.to_thread(_open, request.url, path)
            try:
                yield await asyncio.to_thread(_opened, file, request)
            finally:
                await asyncio.to_thread(file.close)


def _path(url: str) -> bytes:
    parts = urlsplit(url)
    path = unquote_to_bytes(parts.path)
    if parts.netloc not in {"", "localhost"} or not path.startswith(b"/") or b"\0" in path:
        problem = "this is no file of this machine"
        raise ConnectError(url, "address", problem, "Write file:///PATH, with three slashes.")
    return path


def _open(url: str, path: bytes) -> BinaryIO:
    try:
        # what is no regular file could keep whoever opens it waiting
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise ConnectError(url, "connect", "this is no regular file")
    except OSError as error:
        raise ConnectError(url, "connect", f"it cannot be opened: {error.strerror}") from error
    return os.fdopen(descriptor, "rb", buffering=0)


def _opened(file: BinaryIO, request: FetchRequest) -> _OpenFile:
    facts = os.fstat(file.fileno())
    validator = f"{facts.st_mtime_ns}-{facts.st_ino}"
    begins_at = request.from_bytes if request.validator == validator else 0
    file.seek(begins_at)
    head = Head(
        url=request.url,
        status=206 if begins_at else 200,
        from_bytes=begins_at,
        size=facts.st_size,
        validator=validator,
    )
    return _OpenFile(head, file)
