"""One request that reads one answer of the desk: all of it at its end, or piece by piece as it comes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import Self

from doorward.core.outcome import Outcome, outcome_members
from doorward.core.tables import drawing_members
from doorward.doors.web.problems import Problem
from doorward.doors.web.visit import Visit
from doorward.service.answer import Answer
from doorward.service.run import Run
from doorward.service.transcript import Chunk
from doorward.service.verbs import run_members

OnNews = Callable[[], None]
Ask = Callable[[OnNews], Answer]
"""Asks the desk; what it is handed, the desk calls whenever there may be more to read."""

BEAT_SECONDS = 15.0
"""
How long a stream stays silent at most.

Source: the HTML Standard, section 9.2.7, for proxies that drop what is silent for longer.
"""


@dataclass(frozen=True, slots=True)
class Collected:
    """
    An answer as far as it was waited for.

    Attributes:
        data: all bytes of both streams, in the order in which they came.
        outcome: how it ended; None when it goes on.
    """

    data: bytes
    outcome: Outcome | None


class Reading:
    """
    Reads one answer for one request; leaves it at the end of the `with` block that it is made for.

    Args:
        visit: the request, whose caller asks.
        ask: what it asks the desk for.

    Attributes:
        answer: what the desk gave. Output is taken from it here alone.
    """

    __slots__ = ("_has_waited", "_visit", "_waiter", "answer")

    def __init__(self, visit: Visit, ask: Ask) -> None:
        self._visit = visit
        self._waiter: asyncio.Future[None] | None = None
        self._has_waited = False
        self.answer = ask(self._wake)

    @property
    def run(self) -> Run:
        """
        The run that is read.

        Raises:
            Problem: the desk answered by itself: there is no such run.
        """
        if self.answer.run is None:
            raise no_such_run()
        return self.answer.run

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.answer.outcome is not None and not self._has_waited:
            return  # the usual answer was there at once: nobody knows of its reader
        # by HTTP one comes and goes with each request
        self._visit.door.desk.leave(self.answer, comes_back=True)
        if self._visit.identity is not None:
            self._visit.identity.forget(self)

    async def collected(self, *, wait_seconds: float) -> Collected:
        """
        All of the answer, as soon as it is complete; what there is of it after `wait_seconds` at the latest.

        Raises:
            Problem: whoever asks may not any more.
        """
        chunks: list[bytes] = []
        outcome = await self._until_end(chunks.append, wait_seconds=wait_seconds)
        return Collected(chunks[0] if len(chunks) == 1 else b"".join(chunks), outcome)

    async def ended(self, *, wait_seconds: float) -> Outcome | None:
        """
        How it ended, as soon as it has, whatever there was to take; None when it goes on after that time.

        Raises:
            Problem: whoever asks may not any more.
        """
        return await self._until_end(_pass_over, wait_seconds=wait_seconds)

    async def more(self, *, wait_seconds: float) -> bool:
        """
        Whether there is something to take, or the end; waited for.

        Raises:
            Problem: whoever asks may not any more.
        """
        answer, clock = self.answer, self._visit.door.clock
        until = clock.monotonic() + wait_seconds
        while not answer.has_more and answer.outcome is None:
            left_seconds = until - clock.monotonic()
            if left_seconds <= 0:
                return False
            await self._news(left_seconds)
        return True

    async def pieces(self) -> AsyncIterator[Chunk | None]:
        """
        Yield the answer as it comes; None after each `BEAT_SECONDS` of silence.

        Nothing is taken before the one who iterates wants it: a slow reader makes nothing grow. It ends with
        the answer, whose outcome is set then.

        Raises:
            Problem: whoever reads may not any more.
        """
        answer = self.answer
        while True:
            while (chunk := answer.take()) is not None:
                yield chunk
                _ = self._visit.who  # who was removed while the piece was sent gets no other
            if answer.outcome is not None:
                return
            if not await self.more(wait_seconds=BEAT_SECONDS):
                yield None

    async def _until_end(self, take: Callable[[bytes], object], *, wait_seconds: float) -> Outcome | None:
        answer = self.answer
        until: float | None = None
        while True:
            while (chunk := answer.take()) is not None:
                take(chunk[1])
            if answer.outcome is not None:
                return answer.outcome
            # the usual answer is complete at once, and asks for no time
            now = self._visit.door.clock.monotonic()
            until = now + wait_seconds if until is None else until
            if now >= until:
                return None
            await self._news(until - now)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def _news(self, within_seconds: float) -> None:
        """Wait until there may be more, or not any more, for so long at most."""
        visit = self._visit
        self._has_waited = True
        visit.who.call_at_end(self, self._wake)
        self._waiter = asyncio.get_running_loop().create_future()
        timer = visit.door.clock.call_later(within_seconds, self._wake)
        try:
            await self._waiter
        finally:
            timer.cancel()
            self._waiter = None
        _ = visit.who


def attached(visit: Visit) -> Reading:
    """
    Reads the run whose number the path says, from its start.

    Raises:
        Problem: there is none, or none that the caller may see.
    """
    caller, number = visit.caller, number_of(visit)
    reading = Reading(visit, lambda on_news: visit.door.desk.attach(caller, number, on_news))
    _ = reading.run
    return reading


def number_of(visit: Visit) -> int:
    """The number in the path."""
    return int(visit.names["number"])


def no_such_run() -> Problem:
    """One who may not see a run is told the same as when there is none."""
    return Problem(HTTPStatus.NOT_FOUND, "no such run, or none of yours")


def _pass_over(_data: bytes) -> None:
    """Output that nobody wants to see."""


def answer_members(visit: Visit, answer: Answer) -> dict[str, object] | None:
    """
    The run that is read as its reader knows it, for JSON; None when the desk answers by itself.

    One who was taken off a run reads that it was cancelled for them, although it goes on for others. This
    reader is not counted among its readers.
    """
    run = answer.run
    if run is None:
        return None
    members = run_members(run, now=visit.door.clock.monotonic())
    members["readers"] = sum(reader is not answer for reader in run.readers)
    if answer.outcome is not None:
        members["outcome"] = outcome_members(answer.outcome)
    if (drawing := answer.drawing()) is not None:
        members["drawing"] = drawing_members(drawing)
    return members
