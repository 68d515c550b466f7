"""Blocking calls off the loop, in threads that the end of the process does not wait for."""

import asyncio
import contextlib
import queue
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(slots=True, eq=False)
class Work:
    """
    One call.

    Attributes:
        function: what is called.
        future: what it gives, or the error that it raised; on the loop that asked.
    """

    function: Callable[[], Any]
    future: "asyncio.Future[Any]"


_Inbox = queue.SimpleQueue["Work | None"]


class Threads:
    """
    At most `most` threads, each started when it is needed; calls beyond them wait in line.

    `concurrent.futures` joins its threads when the interpreter ends: one that hangs on a dead mount would
    keep the daemon from ending for ever. These are daemon threads, and what waits can be taken back.
    """

    def __init__(self, most: int, *, name: str) -> None:
        self._most = most
        self._name = name
        self._inboxes: list[_Inbox] = []
        self._idle: list[_Inbox] = []
        self._waiting: deque[Work] = deque()
        self._is_closed = False

    @property
    def waiting(self) -> int:
        """How many calls wait for a thread."""
        return len(self._waiting)

    def call(self, function: Callable[[], Any]) -> Work:
        """
        Have `function` called; the future of a call that comes after `close` is cancelled.

        When there is no thread and none can be started, the future has the error.
        """
        work = Work(function, asyncio.get_running_loop().create_future())
        if self._is_closed:
            work.future.cancel()
            return work
        self._waiting.append(work)
        if self._idle:
            self._serve(self._idle.pop())
        elif len(self._inboxes) < self._most:
            self._grow(work)
        return work

    def withdraw(self, work: Work) -> bool:
        """Take back a call that has not begun; gives whether it had not."""
        if work not in self._waiting:
            return False
        self._waiting.remove(work)
        work.future.cancel()
        return True

    def close(self) -> None:
        """Begin no more calls; those under way are not waited for."""
        self._is_closed = True
        while self._waiting:
            self._waiting.popleft().future.cancel()
        for inbox in self._inboxes:
            inbox.put(None)

    def _grow(self, work: Work) -> None:
        try:
            inbox = self._start()
        except (RuntimeError, MemoryError) as error:
            # the system has no more threads or memory; one that is there already takes it in its turn
            if not self._inboxes:
                self._waiting.remove(work)
                work.future.set_exception(error)
            return
        self._inboxes.append(inbox)
        self._serve(inbox)

    def _start(self) -> _Inbox:
        inbox: _Inbox = queue.SimpleQueue()
        loop = asyncio.get_running_loop()
        name = f"{self._name}-{len(self._inboxes) + 1}"
        threading.Thread(target=self._work, args=(inbox, loop), name=name, daemon=True).start()
        return inbox

    def _serve(self, inbox: _Inbox) -> None:
        if self._waiting:
            inbox.put(self._waiting.popleft())
        else:
            self._idle.append(inbox)

    def _work(self, inbox: _Inbox, loop: asyncio.AbstractEventLoop) -> None:
        # a loop that was closed meanwhile wants no more results
        with contextlib.suppress(RuntimeError):
            while (work := inbox.get()) is not None:
                loop.call_soon_threadsafe(self._done, inbox, work.future, _result_of(work.function))

    def _done(
        self, inbox: _Inbox, future: "asyncio.Future[Any]", settle: Callable[["asyncio.Future[Any]"], None]
    ) -> None:
        if not future.done():
            settle(future)
        self._serve(inbox)


def _result_of(function: Callable[[], Any]) -> Callable[["asyncio.Future[Any]"], None]:
    try:
        result = function()
    except BaseException as error:  # noqa: BLE001 - raised again where the future is awaited
        # no future takes a StopIteration, and SystemExit would end the loop that awaits it
        is_plain = isinstance(error, Exception) and not isinstance(error, StopIteration)
        raised = error if is_plain else _wrapped(error)
        return lambda future: future.set_exception(raised)
    return lambda future: future.set_result(result)


def _wrapped(error: BaseException) -> RuntimeError:
    wrapped = RuntimeError(f"it raised {type(error).__name__}")
    wrapped.__cause__ = error
    return wrapped
