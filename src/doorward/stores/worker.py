"""One thread that makes blocking calls in order, for whoever waits on a loop."""

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from doorward.core.errors import StateError

_T = TypeVar("_T")
_END_SECONDS = 10.0


@dataclass(slots=True, eq=False)
class _Work:
    function: Callable[[], Any]
    future: "asyncio.Future[Any]"
    is_last: bool


class Worker:
    """
    Calls wait in line, `waiting` of them at most; the thread starts with the first.

    The end of the process does not wait for the thread.
    """

    def __init__(self, *, name: str, waiting: int) -> None:
        self._name = name
        self._waiting = waiting
        self._outstanding = 0
        self._work: queue.SimpleQueue[_Work] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._is_closed = False

    async def call(self, function: Callable[[], _T]) -> _T:
        """
        Have `function` called in the thread. It is called even when nobody waits for it any more.

        Raises:
            StateError: as many calls wait as may, or the worker was closed.
        """
        if self._is_closed:
            raise StateError(f"{self._name} was closed")
        if self._outstanding >= self._waiting:
            raise StateError(f"{self._name} has {self._waiting} calls waiting for the disk; try again later")
        result: _T = await self._hand_over(function, is_last=False)
        return result

    async def close(self, last: Callable[[], object]) -> None:
        """Have `last` called after all others, and end the thread; gives up after 10 s. Idempotent."""
        if self._is_closed:
            return
        self._is_closed = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_END_SECONDS):
                await self._hand_over(last, is_last=True)

    def _hand_over(self, function: Callable[[], Any], *, is_last: bool) -> "asyncio.Future[Any]":
        work = _Work(function, asyncio.get_running_loop().create_future(), is_last)
        self._outstanding += 1
        self._work.put(work)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()
        return work.future

    def _run(self) -> None:
        is_last = False
        while not is_last:
            work = self._work.get()
            is_last = work.is_last
            settle = _result_of(work.function)
            # a loop that was closed meanwhile wants no more results
            with contextlib.suppress(RuntimeError):
                work.future.get_loop().call_soon_threadsafe(self._done, work.future, settle)

    def _done(self, future: "asyncio.Future[Any]", settle: Callable[["asyncio.Future[Any]"], None]) -> None:
        self._outstanding -= 1
        if not future.done():
            settle(future)


def _result_of(function: Callable[[], Any]) -> Callable[["asyncio.Future[Any]"], None]:
    try:
        result = function()
    except Exception as error:  # noqa: BLE001 - raised again where the future is awaited
        raised = error
        return lambda future: future.set_exception(raised)
    return lambda future: future.set_result(result)
