"""One reading of the users at a time, and one more for whoever asks while it lasts."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

from doorward.service.threads import Threads

ReadT = TypeVar("ReadT")


class Reloads(Generic[ReadT]):
    """
    What is read again when somebody asks.

    Whoever asks is answered out of a reading that began after they asked, so what is taken last is never
    older than what was taken before it. However many ask while one reading lasts, one more follows it. The
    thread is one that nobody waits for: a disk that hangs keeps no process from ending.

    Args:
        read: called in a thread.
        take: called on the loop with what was read; gives what was done, one line.
    """

    def __init__(self, read: Callable[[], ReadT], take: Callable[[ReadT], str]) -> None:
        self._read = read
        self._take = take
        self._threads = Threads(1, name="reload")
        self._current: asyncio.Future[str] | None = None
        self._next: asyncio.Future[str] | None = None

    def ask(self) -> "asyncio.Future[str]":
        """
        Read again.

        Returns:
            What was done, or the error that `read` or `take` raised; cancelled by `close`. It is shared by
            all who wait for this reading: shield it.
        """
        asked = self._next or asyncio.get_running_loop().create_future()
        self._next = asked
        if self._current is None:
            self._begin()
        return asked

    def close(self) -> None:
        """Take nothing more, and wait for nothing."""
        self._threads.close()
        for asked in (self._current, self._next):
            if asked is not None:
                asked.cancel()

    def _begin(self) -> None:
        self._current, self._next = self._next, None
        try:
            reading = self._threads.call(self._read).future
        except RuntimeError as error:
            # the system starts no more threads; whoever asks later may find one
            asked, self._current = self._current, None
            if asked is not None:
                asked.set_exception(error)
            return
        reading.add_done_callback(self._end)

    def _end(self, reading: "asyncio.Future[ReadT]") -> None:
        asked, self._current = self._current, None
        if asked is not None and not asked.done():
            self._settle(asked, reading)
        if self._next is not None:
            self._begin()

    def _settle(self, asked: "asyncio.Future[str]", reading: "asyncio.Future[ReadT]") -> None:
        if reading.cancelled():
            asked.cancel()
            return
        try:
            asked.set_result(self._take(reading.result()))
        except Exception as error:  # noqa: BLE001 - raised again for whoever asked, and the next reading goes on
            asked.set_exception(error)
