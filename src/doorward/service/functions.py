"""Python functions as runs: async ones on the loop, the others in threads."""

import asyncio
import logging
import secrets
import signal
from collections.abc import AsyncIterator, Awaitable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from inspect import isawaitable
from typing import Any

from doorward.core.call import Call
from doorward.core.command import Function
from doorward.core.functions import arguments_of
from doorward.core.launch import Ending, Exited, Raised, Signalled, Stream, Unkillable
from doorward.core.ports import Child, ChildEvents, Clock, Timer
from doorward.service.run import Run

_log = logging.getLogger("doorward.functions")


class FunctionChild:
    """A call under way; stopping it cancels an async function, and can only wait for another."""

    def __init__(self, events: ChildEvents, clock: Clock, *, grace_seconds: float) -> None:
        self._events = events
        self._clock = clock
        self._grace_seconds = grace_seconds
        self._input: asyncio.Queue[bytes] = asyncio.Queue()
        self._giving_up: Timer | None = None
        self._has_ended = False
        self.task: asyncio.Task[None] | None = None

    def write_input(self, data: bytes) -> None:
        """See `Child`."""
        if data:
            self._input.put_nowait(data)

    def close_input(self) -> None:
        """See `Child`."""
        self._input.put_nowait(b"")

    def stop(self) -> None:
        """See `Child`: cancel it, and give it up when it has not ended after the grace."""
        if self._giving_up is None and not self._has_ended:
            self._giving_up = self._clock.call_later(self._grace_seconds, self._give_up)
            if self.task is not None:
                self.task.cancel()

    async def read_input(self) -> bytes:
        """The next bytes of the caller's stdin; empty at its end, however often one asks."""
        data = await self._input.get()
        if not data:
            self._input.put_nowait(b"")
        return data

    async def follow(self, result: Awaitable[object]) -> None:
        """Await the function's `result`, pass on what it gives, and tell how it ended."""
        try:
            await self._pass_on_result(await result)
        except asyncio.CancelledError:
            self._end(Signalled(signal.SIGTERM))
        except Exception:  # noqa: BLE001 - logged
            # a run is isolated from the others: whatever a function raises ends this run alone
            reference = secrets.token_hex(4)
            _log.exception("a function failed, reference %s", reference)
            self._end(Raised(reference))
        else:
            self._end(Exited(0))

    async def _pass_on_result(self, result: object) -> None:
        if isinstance(result, AsyncIterator):
            await self._pass_on_all(result)
        else:
            self._pass_on(result)

    async def _pass_on_all(self, results: AsyncIterator[object]) -> None:
        async for result in results:
            if not self._pass_on(result):
                return
            # one that never waits must not hold up the loop
            await asyncio.sleep(0)

    def _pass_on(self, result: object) -> bool:
        match result:
            case None | "" | b"":
                return True
            case str():
                return self._events.output_received(Stream.OUT, result.encode("utf-8", "replace"))
            case bytes() | bytearray() | memoryview():
                return self._events.output_received(Stream.OUT, bytes(result))
            case _:
                raise TypeError(
                    f"a function gave {type(result).__name__}, neither text nor an async iterator"
                )

    def _give_up(self) -> None:
        self._end(Unkillable())

    def _end(self, ending: Ending) -> None:
        if self._has_ended:
            return
        self._has_ended = True
        if self._giving_up is not None:
            self._giving_up.cancel()
        self._events.ended(ending)


class FunctionRunner:
    """Calls functions; at most `threads` of those that are not async run at once, and the others wait."""

    def __init__(self, clock: Clock, *, threads: int) -> None:
        self._clock = clock
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="function")
        self._tasks: set[asyncio.Task[None]] = set()

    def call(self, run: Run, function: Function, events: ChildEvents, *, grace_seconds: float) -> Child:
        """Call the function that is `run`'s action; all that it does is told to `events` later."""
        child = FunctionChild(events, self._clock, grace_seconds=grace_seconds)
        positional, named = arguments_of(run.invocation.command.parameters, run.invocation.values)
        if function.takes_call:
            call = Call(principal=run.principal, peer=run.peer, run=run.number, read_input=child.read_input)
            positional.insert(0, call)
        task = asyncio.get_running_loop().create_task(
            child.follow(self._result(function, positional, named)), name=f"run {run.number}"
        )
        child.task = task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return child

    async def _result(self, function: Function, positional: list[Any], named: dict[str, Any]) -> object:
        if not function.is_async:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._pool, partial(function.function, *positional, **named))
        result = function.function(*positional, **named)
        return await result if isawaitable(result) else result

    def close(self) -> None:
        """Let go of the threads; a function that still runs in one is not waited for."""
        self._pool.shutdown(wait=False, cancel_futures=True)
