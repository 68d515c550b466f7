"""Files that come and go with several requests under way: the way there and back is waited for once."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Coroutine, Iterator
from types import TracebackType
from typing import Any, Generic, Self, TypeVar, cast

import asyncssh

from doorward.clients._pieces import pieces
from doorward.clients.ssh.sftp.link import Link
from doorward.core.units import KIB

PIECE_BYTES = 255 * KIB
"""The most in one request; OpenSSH takes no more."""

MOST_UNDER_WAY = 64
"""How many requests may be."""


_T = TypeVar("_T")


class Window(Generic[_T]):
    """
    Requests of one file that are under way, answered in order; left, it gives up those that are not.

    Args:
        link: whose connection the file is open on.
        piece_bytes: the most in one request.
        most_under_way: how many bytes may be asked for or sent and not answered, but for one request;
            asked each time, for it may be fewer by then.
        phase: for errors.
    """

    def __init__(
        self, link: Link, *, piece_bytes: int, most_under_way: Callable[[], int], phase: str
    ) -> None:
        self._link = link
        self._phase = phase
        self._piece_bytes = piece_bytes
        self._most_under_way = most_under_way
        self._under_way: deque[asyncio.Task[_T]] = deque()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    @property
    def is_full(self) -> bool:
        """Whether one has to be answered before the next can be made."""
        most = min(MOST_UNDER_WAY, self._most_under_way() // self._piece_bytes)
        return len(self._under_way) >= max(1, most)

    @property
    def is_empty(self) -> bool:
        """Whether all were answered."""
        return not self._under_way

    def begin(self, request: Coroutine[Any, Any, _T]) -> None:
        """Make a request."""
        task = asyncio.get_running_loop().create_task(request)
        self._under_way.append(task)

    async def answer(self) -> _T:
        """Wait for the oldest; raises StoreError."""
        with self._link.told(self._phase):
            answered = await self._link.in_time(self._under_way[0])
        del self._under_way[0]
        return answered

    def answered(self) -> Iterator[_T]:
        """What those answered that nobody waited for, up to the first that failed or was given up."""
        for task in self._under_way:
            if not task.done() or task.cancelled() or task.exception() is not None:
                return
            yield task.result()


async def _read_whole(file: asyncssh.SFTPClientFile, size_bytes: int, at: int) -> bytes:
    """A server may give less than was asked for, and nothing at the end."""
    data = b""
    while len(data) < size_bytes:
        # opened without an encoding, which its type does not know
        more = cast("bytes", await file.read(size_bytes - len(data), at + len(data)))
        if not more:
            break
        data += more
    return data


async def write_all(
    link: Link,
    file: asyncssh.SFTPClientFile,
    chunks: AsyncIterable[bytes],
    *,
    at: int,
    piece_bytes: int,
    most_under_way: Callable[[], int],
    written: Callable[[int], object],
) -> int:
    """
    Write `chunks` from the byte `at` on; gives where they end.

    At the end, whatever it is, `written` hears up to where all of it is there. After an error more
    may be there behind a hole: what was sent after a request that failed is written all the same.

    Raises:
        StoreError: not all were written. What `chunks` raises is raised as it is.
    """
    window: Window[int] = Window(link, piece_bytes=piece_bytes, most_under_way=most_under_way, phase="send")
    whole_to = at
    try:
        async with window:
            async for chunk in chunks:
                for piece in pieces(chunk, piece_bytes):
                    while window.is_full:
                        whole_to += await window.answer()
                    window.begin(file.write(piece, at))
                    at += len(piece)
            while not window.is_empty:
                whole_to += await window.answer()
    finally:
        written(whole_to + sum(window.answered()))
    return at


async def read_all(
    link: Link,
    file: asyncssh.SFTPClientFile,
    *,
    at: int,
    ends_at: int,
    piece_bytes: int,
    most_under_way: Callable[[], int],
) -> AsyncGenerator[bytes, None]:
    """
    Yield the bytes from `at` to `ends_at`, fewer where the file ends before.

    Raises:
        StoreError: they could not be read.
    """
    window: Window[bytes] = Window(link, piece_bytes=piece_bytes, most_under_way=most_under_way, phase="read")
    async with window:
        while at < ends_at or not window.is_empty:
            while at < ends_at and not window.is_full:
                size_bytes = min(piece_bytes, ends_at - at)
                window.begin(_read_whole(file, size_bytes, at))
                at += size_bytes
            piece = await window.answer()
            if not piece:
                return
            yield piece
