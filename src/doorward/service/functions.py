"""Python functions as runs: async ones on the loop, the others in threads."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator
from functools import partial
from inspect import isawaitable
from typing import Any

from doorward.core.call import Call
from doorward.core.command import Function
from doorward.core.errors import BadArgument
from doorward.core.functions import arguments_of
from doorward.core.launch import Declined, Ending, Exited, Signalled, Stream, Unkillable
from doorward.core.ports import Child, ChildEvents, Clock, Timer
from doorward.service.failures import log_failure
from doorward.service.run import Run
from doorward.service.threads import Threads, Work

_log = logging.getLogger("doorward.functions")

_READ_BYTES = 64 * 1024


class FunctionChild:
    """
    A call under way.

    Stopping it cancels an async function, takes back one that still waits for a thread, and can only wait
    for one that is in a thread; what has not ended after the grace is given up.
    """

    def __init__(
        self, events: ChildEvents, *, clock: Clock, threads: Threads, name: str, grace_seconds: float
    ) -> None:
        self._events = events
        self._clock = clock
        self._threads = threads
        self._name = name
        self._grace_seconds = grace_seconds
        self._input = bytearray()
        self._input_ended = False
        self._input_came = asyncio.Event()
        self._giving_up: Timer | None = None
        self._has_ended = False
        self._was_given_up = False
        self._work: Work | None = None
        self._task: asyncio.Task[None] | None = None

    def write_input(self, data: bytes) -> None:
        """See `Child`."""
        self._input += data
        self._input_came.set()

    def close_input(self) -> None:
        """See `Child`."""
        self._input_ended = True
        self._input_came.set()

    def stop(self) -> None:
        """See `Child`."""
        if self._is_stopped or self._has_ended:
            return
        self._giving_up = self._clock.call_later(self._grace_seconds, self._give_up)
        is_in_thread = self._work is not None and not self._threads.withdraw(self._work)
        if self._task is not None and not is_in_thread:
            self._task.cancel()

    async def read_input(self) -> bytes:
        """The next bytes of the caller's stdin, 64 KiB at most; empty at its end, however often one asks."""
        while not self._input and not self._input_ended:
            self._input_came.clear()
            await self._input_came.wait()
        data = bytes(self._input[:_READ_BYTES])
        del self._input[:_READ_BYTES]
        return data

    def begin(self, function: Function, positional: list[Any], named: dict[str, Any]) -> asyncio.Task[None]:
        """Begin the call; all that comes of it is told to the events later."""
        call = partial(function.function, *positional, **named)
        self._task = asyncio.get_running_loop().create_task(
            self._follow(call, is_async=function.is_async), name=self._name
        )
        self._task.add_done_callback(self._task_done)
        return self._task

    async def _follow(self, call: "partial[object]", *, is_async: bool) -> None:
        try:
            result = call() if is_async else await self._in_thread(call)
            if not self._is_stopped:
                await self._pass_on_result(await result if isawaitable(result) else result)
        except asyncio.CancelledError as error:
            # one that we did not ask for is the function's own failure
            self._end(Signalled(signal.SIGTERM) if self._is_stopped else log_failure(_log, self._name, error))
        except BadArgument as error:
            # no type said that the value is wrong: it is the asker's to mend, and no fault of the function
            _log.info("%s took a value for none that it can use: %s", self._name, error)
            self._end(Declined(str(error)))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - logged
            # a run is isolated from the others: whatever a function raises ends this run alone
            self._end(log_failure(_log, self._name, error))
        else:
            self._end(Signalled(signal.SIGTERM) if self._is_stopped else Exited(0))

    async def _in_thread(self, call: "partial[object]") -> object:
        self._work = self._threads.call(call)
        try:
            return await self._work.future
        finally:
            self._work = None

    async def _pass_on_result(self, result: object) -> None:
        if isinstance(result, AsyncIterator):
            await self._pass_on_all(result)
        else:
            self._pass_on(result)

    async def _pass_on_all(self, results: AsyncIterator[object]) -> None:
        try:
            async for result in results:
                if not self._pass_on(result):
                    return
                # one that never waits must not hold up the loop
                await asyncio.sleep(0)
        finally:
            # what a generator has open is let go of now, not when somebody collects it
            aclose = getattr(results, "aclose", None)
            if aclose is not None:
                await aclose()

    def _pass_on(self, result: object) -> bool:
        if self._has_ended:
            return False
        match result:
            case None | "" | b"":
                return True
            case str():
                return self._events.output_received(Stream.OUT, result.encode("utf-8", "replace"))
            case bytes() | bytearray() | memoryview():
                data = bytes(result)
                return self._events.output_received(Stream.OUT, data) if data else True
            case _:
                raise TypeError(
                    f"a function gave {type(result).__name__}, neither text nor an async iterator"
                )

    @property
    def _is_stopped(self) -> bool:
        return self._giving_up is not None

    def _task_done(self, _task: "asyncio.Task[None]") -> None:
        # a task that is cancelled before its first step never gets as far as telling how it ended
        self._end(Signalled(signal.SIGTERM))
        if self._was_given_up:
            self._events.gone()

    def _give_up(self) -> None:
        self._was_given_up = True
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
        self._threads = Threads(threads, name="function")
        self._tasks: set[asyncio.Task[None]] = set()

    def call(self, run: Run, function: Function, events: ChildEvents, *, grace_seconds: float) -> Child:
        """Call the function that is `run`'s action; all that it does is told to `events` later."""
        child = FunctionChild(
            events,
            clock=self._clock,
            threads=self._threads,
            name=f"run {run.number}, {run.invocation.command.name},",
            grace_seconds=grace_seconds,
        )
        positional, named = arguments_of(run.invocation.command.parameters, run.invocation.values)
        if function.takes_call:
            call = Call(principal=run.principal, peer=run.peer, run=run.number, read_input=child.read_input)
            positional.insert(0, call)
        task = child.begin(function, positional, named)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return child

    def close(self) -> None:
        """Begin no more calls; a function that still runs in a thread is not waited for."""
        self._threads.close()
