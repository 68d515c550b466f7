"""A fetch to its end: tried again where that may be, gone on with where it broke off, within one time."""

import asyncio
import random
from dataclasses import replace
from typing import Protocol

from doorward.core.errors import ConnectError
from doorward.core.fetching import FetchRequest, Head, Opened, Opener, OutOfTime, TooLong
from doorward.core.retrying import may_do_better, may_repeat, pause_seconds


class Sink(Protocol):
    """Where a body goes."""

    @property
    def received_bytes(self) -> int:
        """How much of the whole is here."""

    @property
    def may_begin_anew(self) -> bool:
        """Whether what is here can be thrown away; never when somebody has seen it."""

    async def begin(self, head: Head) -> bool:
        """
        Hear of an answer whose body begins with byte `head.from_bytes` of the whole.

        That is `received_bytes`, or 0, and then what is here has to go.

        Returns:
            Whether the body is wanted.
        """

    async def write(self, piece: bytes) -> None:
        """Take the next piece."""


async def transfer(opener: Opener, request: FetchRequest, sink: Sink) -> Head:
    """
    Make `request` and give the body of its answer to `sink`, with at most `request.retries` more tries.

    Returns:
        The head of the last answer, also of one with a status of 400 and more.

    Raises:
        OutOfTime: `request.seconds` are over.
        TooLong: more than `request.most_bytes` came.
        ConnectError: it did not come.
    """
    return await _Transfer(opener, request, sink).run()


class _Transfer:
    def __init__(self, opener: Opener, request: FetchRequest, sink: Sink) -> None:
        self._opener = opener
        self._request = request
        self._sink = sink
        self._validator = request.validator
        self._tries = 0
        self._ends_at = asyncio.get_running_loop().time() + request.seconds

    async def run(self) -> Head:
        while True:
            self._tries += 1
            try:
                head, pause = await self._try()
                if pause is None:
                    return head
            except OutOfTime as error:
                problem = f"not done within {self._request.seconds:g} s"
                raise OutOfTime(error.address, error.phase, problem, error.next_step) from error
            except ConnectError as error:
                pause = self._pause_after_error(error)
                if pause is None:
                    raise
            await asyncio.sleep(pause)

    async def _try(self) -> tuple[Head, float | None]:
        """The head of an answer, and how long to wait for another one; None when its body was taken."""
        async with self._opener.open(self._request_now()) as opened:
            # decided once: chance and the clock may say something else the second time
            pause = self._pause_after_answer(opened.head)
            if pause is None:
                await self._take(opened)
            return opened.head, pause

    def _request_now(self) -> FetchRequest:
        seconds = max(0.0, self._ends_at - asyncio.get_running_loop().time())
        received = self._sink.received_bytes
        if received and self._validator:
            return replace(self._request.resumed(received, self._validator), seconds=seconds)
        return replace(self._request, seconds=seconds, from_bytes=0, validator="")

    async def _take(self, opened: Opened) -> None:
        head = opened.head
        if head.is_success and head.size is not None:
            self._check_length(head, head.size)
        if self._sink.received_bytes and not (head.from_bytes or self._sink.may_begin_anew):
            problem = "it has changed meanwhile, and the first part of what it was has been put out already"
            raise ConnectError(head.url, "read", problem, "Fetch it once more, with -o.")
        self._validator = head.validator if head.is_success else ""
        if not await self._sink.begin(head):
            return
        received = head.from_bytes
        async for piece in opened.pieces():
            received += len(piece)
            self._check_length(head, received)
            await self._sink.write(piece)

    def _check_length(self, head: Head, length: int) -> None:
        most = self._request.most_bytes
        if length > most:
            raise TooLong(head.url, "read", f"it is longer than {most} bytes", "--max-size allows more.")

    def _pause_after_answer(self, head: Head) -> float | None:
        if not may_do_better(self._request, head):
            return None
        return self._pause(head.retry_after_seconds)

    def _pause_after_error(self, error: ConnectError) -> float | None:
        is_lost = self._sink.received_bytes and not (self._validator or self._sink.may_begin_anew)
        if is_lost or not may_repeat(self._request, error):
            return None
        return self._pause(None)

    def _pause(self, asked_seconds: float | None) -> float | None:
        """Before another try; None when there is to be none."""
        if self._tries > self._request.retries:
            return None
        # a chance of 0 or 1 would do as well: it keeps many from coming back at one moment
        pause = pause_seconds(self._tries, asked_seconds=asked_seconds, chance=random.random())  # noqa: S311
        left = self._ends_at - asyncio.get_running_loop().time()
        return pause if pause is not None and pause < left else None
