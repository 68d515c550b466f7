"""Following a run to its end, over as many connections as that takes, within bounds."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from doorward.clients._conversation import Deliver
from doorward.clients.http.answers import NotOurs, read_end, read_output
from doorward.clients.http.api import Api
from doorward.clients.http.events import ServerEvent
from doorward.clients.http.server import Lost
from doorward.core.errors import ConnectError
from doorward.core.launch import Stream
from doorward.core.outcome import Outcome

PAUSES_SECONDS = (0.1, 0.4, 1.0, 2.0, 4.0)
"""
Before each try to go on with a broken stream, as long as none brings anything.

Together less than the 10 s after which the daemon stops a run that nobody reads.
"""

MOST_STREAMS = 100
"""Streams for one run in all, however much each of them brings."""

_LOOK = "How the command ended is not known; `doorward runs` may tell."
_STREAMS = {"out": Stream.OUT, "err": Stream.ERR}

ReadT = TypeVar("ReadT")

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Ended:
    """
    The end of a run for us.

    Attributes:
        outcome: how it ended.
        drawing: what its output says as a table or a series; None for nothing.
    """

    outcome: Outcome
    drawing: object


class Follower:
    """
    Follows one run.

    Args:
        api: where it runs.
        url: of that, for errors.
        number: of the run.
        reader: how we are called there; nobody else is.
        deliver: gets the output, in order and none of it twice.
        sleep: waits for so many seconds.

    Attributes:
        is_heard: set while a stream goes on, so that the daemon knows `reader`.
    """

    def __init__(
        self, api: Api, *, url: str, number: int, reader: str, deliver: Deliver, sleep: Sleep = asyncio.sleep
    ) -> None:
        self.is_heard = asyncio.Event()
        self._api = api
        self._url = url
        self._number = number
        self._reader = reader
        self._deliver = deliver
        self._sleep = sleep
        self._taken_bytes = 0
        self._has_begun = False

    async def follow(self) -> Ended:
        """
        Deliver the output until the run has ended.

        Raises:
            ConnectError: the stream broke and could not be gone on with, or says what it may not.
        """
        failed = 0
        for _ in range(MOST_STREAMS):
            before_bytes = self._taken_bytes
            try:
                return await self._follow_once()
            except ConnectError as error:
                if not self._may_pass(error):
                    raise
                failed = 1 if self._taken_bytes > before_bytes else failed + 1
                if failed > len(PAUSES_SECONDS):
                    raise self._given_up(error) from error
            finally:
                self.is_heard.clear()
            await self._sleep(PAUSES_SECONDS[failed - 1])
        raise ConnectError(
            self._url, "read", f"the stream broke {MOST_STREAMS} times before the answer was complete", _LOOK
        )

    async def _follow_once(self) -> Ended:
        events = self._api.follow(
            self._number, offset=self._taken_bytes, reader=self._reader, on_begin=self._begin
        )
        async with contextlib.aclosing(events):
            async for event in events:
                if event.kind == "end":
                    return Ended(*self._read(read_end, event))
                if (stream := _STREAMS.get(event.kind)) is not None:
                    await self._take(stream, event)
        raise Lost(self._url, "read", "the stream ended before the run did")

    def _begin(self) -> None:
        self._has_begun = True
        self.is_heard.set()

    async def _take(self, stream: Stream, event: ServerEvent) -> None:
        data = self._read(read_output, event)
        taken_bytes = self._taken_bytes + len(data)
        if event.last_id != str(taken_bytes):
            told = event.last_id[:20]
            raise self._not_ours(f"output up to byte {told!r} where it should be {taken_bytes}")
        self._taken_bytes = taken_bytes
        if data:
            await self._deliver(stream, data)

    def _may_pass(self, error: ConnectError) -> bool:
        """Whether what broke a stream may be over in a moment; where none has begun, it is told at once."""
        return isinstance(error, Lost) or (self._has_begun and error.phase == "connect")

    def _read(self, read: Callable[[str], ReadT], event: ServerEvent) -> ReadT:
        try:
            return read(event.data)
        except NotOurs as error:
            raise self._not_ours(str(error)) from error

    def _not_ours(self, what: str) -> ConnectError:
        return ConnectError(self._url, "read", f"the stream of events is not understood: {what}")

    def _given_up(self, error: ConnectError) -> ConnectError:
        if isinstance(error.__cause__, ConnectionRefusedError):
            step = "How the command ended is not known: the daemon is gone, and its runs with it."
        else:
            step = _LOOK
        return ConnectError(self._url, error.phase, f"{error.problem}, before the answer was complete", step)
