"""One reading at a time of what a reload reads, and one more for whoever asks while it lasts."""

import asyncio
import enum
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from doorward.service.threads import Threads

ReadT = TypeVar("ReadT")


class Scope(enum.IntEnum):
    """What is read again; the wider one includes the other."""

    USERS = 1
    EVERYTHING = 2


class Reloads(Generic[ReadT]):
    """
    What is read again when somebody asks.

    Whoever asks is answered out of a reading that began after they asked, so what is taken last is never
    older than what was taken before it. However many ask while one reading lasts, one more follows it, as
    wide as the widest of them wants. The thread is one that nobody waits for: a disk that hangs keeps no
    process from ending.

    Args:
        read: called in a thread.
        take: called on the loop with what was read; gives what was done, one line. No reading begins before
            it is through.
    """

    def __init__(self, read: Callable[[Scope], ReadT], take: Callable[[ReadT], Awaitable[str]]) -> None:
        self._read = read
        self._take = take
        self._threads = Threads(1, name="reload")
        self._current: asyncio.Future[str] | None = None
        self._next: asyncio.Future[str] | None = None
        self._next_scope = Scope.USERS
        self._task: asyncio.Task[None] | None = None

    def ask(self, scope: Scope = Scope.EVERYTHING) -> "asyncio.Future[str]":
        """
        Read again.

        Returns:
            What was done, or the error that `read` or `take` raised; cancelled by `close`. It is shared by
            all who wait for this reading: shield it.
        """
        asked = self._next or asyncio.get_running_loop().create_future()
        self._next, self._next_scope = asked, max(scope, self._next_scope)
        if self._current is None:
            self._begin()
        return asked

    def close(self) -> None:
        """Take nothing more, and wait for nothing."""
        self._threads.close()
        if self._task is not None:
            self._task.cancel()
        for asked in (self._current, self._next):
            if asked is not None:
                asked.cancel()

    def _begin(self) -> None:
        asked, self._next = self._next, None
        scope, self._next_scope = self._next_scope, Scope.USERS
        if asked is not None:
            self._current = asked
            self._task = asyncio.get_running_loop().create_task(self._reload(asked, scope))

    async def _reload(self, asked: "asyncio.Future[str]", scope: Scope) -> None:
        try:
            read = await self._threads.call(lambda: self._read(scope)).future
            done = await self._take(read)
        except Exception as error:  # noqa: BLE001 - raised again for whoever asked, and the next reading goes on
            if not asked.done():
                asked.set_exception(error)
        else:
            if not asked.done():
                asked.set_result(done)
        finally:
            self._current = None
        self._begin()
