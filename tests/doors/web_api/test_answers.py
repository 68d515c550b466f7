"""One request reads one answer: to its end, for a while, piece by piece, until its user may not any more."""

import asyncio
from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import TypeVar, cast

import pytest

from doorward.core.command import Command
from doorward.core.launch import Stream
from doorward.core.limits import Limits
from doorward.core.outcome import OutcomeKind
from doorward.core.principal import Login, Peer, principal_of
from doorward.core.principal import User as Declared
from doorward.doors.web.answers import BEAT_SECONDS, Reading
from doorward.doors.web.identity import Identity
from doorward.doors.web.problems import Problem
from doorward.doors.web.visit import Visit
from doorward.service.admission import Admitted
from doorward.service.caller import Caller
from doorward.service.portal import Portal
from doorward.service.transcript import Chunk
from doorward.testing.audit import MemoryAuditLog
from tests.service.house import House, program

SLEEP = program("sleep")
ALICE = Declared(name="alice")

ResultT = TypeVar("ResultT")


class Asker:
    """Somebody whose requests come to a desk in the hands of the test."""

    def __init__(self, *commands: Command) -> None:
        self.house = House(*commands, limits=Limits(linger_seconds=10.0))
        self.portal = Portal(
            [ALICE],
            verifier=cast(object, None),  # type: ignore[arg-type]  # nobody shows a password
            audit=MemoryAuditLog(),
            clock=self.house.clock,
            process_uid=1,
            checks_per_source=1,
        )
        self.identity = Identity(self.portal, Admitted(principal_of(ALICE, Login.PASSWORD), ALICE))
        self.caller = Caller(self.identity.principal, Peer("web", "192.0.2.1"))

    def reading(self, line: str) -> Reading:
        door = SimpleNamespace(desk=self.house.desk, clock=self.house.clock)
        # a real one takes a connection, of which nothing is asked for here
        visit = Visit(
            door=door,  # type: ignore[arg-type]
            connection=cast(object, None),  # type: ignore[arg-type]
            request=cast(object, None),  # type: ignore[arg-type]
            origin=cast(object, None),  # type: ignore[arg-type]
            is_secure=False,
            host="",
            identity=self.identity,
        )
        return Reading(visit, lambda on_news: self.house.desk.ask(self.caller, line, on_news))


async def while_it_waits(waiting: "asyncio.Task[ResultT]", *acts: Callable[[], object]) -> ResultT:
    """Do each of these once the task waits, and have its result."""
    for act in acts:
        for _ in range(3):
            await asyncio.sleep(0)
        assert not waiting.done()
        act()
    async with asyncio.timeout(5):
        return await waiting


def task(of: "asyncio._CoroutineLike[ResultT]") -> "asyncio.Task[ResultT]":
    return asyncio.get_running_loop().create_task(of)


async def test_all_of_an_answer_comes_at_its_end() -> None:
    asker = Asker(SLEEP)
    with asker.reading("sleep") as reading:
        child = asker.house.child
        collected = await while_it_waits(
            task(reading.collected(wait_seconds=60)),
            lambda: child.write(b"one"),
            lambda: child.write(b"two"),
            child.end,
        )
    assert collected.data == b"onetwo"
    assert collected.outcome is not None
    asker.house.assert_at_rest()


async def test_time_is_up_with_what_there_is() -> None:
    asker = Asker(SLEEP)
    with asker.reading("sleep") as reading:
        collected = await while_it_waits(
            task(reading.collected(wait_seconds=5)),
            lambda: asker.house.child.write(b"one"),
            lambda: asker.house.clock.advance(4.9),
            lambda: asker.house.clock.advance(0.1),
        )
    assert (collected.data, collected.outcome) == (b"one", None)
    asker.house.clock.advance(10)
    assert asker.house.child.stops == 1


async def test_a_silent_stream_beats_and_ends_with_its_run() -> None:
    asker = Asker(program("sleep", timeout_seconds=500.0))
    with asker.reading("sleep") as reading:
        pieces = reading.pieces()
        for _ in range(2):
            beat = await while_it_waits(
                task(following(pieces)), lambda: asker.house.clock.advance(BEAT_SECONDS)
            )
            assert beat is None
        said = await while_it_waits(task(following(pieces)), lambda: asker.house.child.write(b"one"))
        assert said == (Stream.OUT, b"one")
        with pytest.raises(StopAsyncIteration):
            await while_it_waits(task(following(pieces)), asker.house.child.end)
    asker.house.assert_at_rest()


async def following(pieces: AsyncIterator[Chunk | None]) -> Chunk | None:
    return await anext(pieces)


async def test_nothing_is_taken_before_it_is_wanted() -> None:
    asker = Asker(SLEEP)
    with asker.reading("sleep") as reading:
        pieces = reading.pieces()
        for _ in range(4):
            asker.house.child.write(b"x" * 1000)
        assert await anext(pieces) == (Stream.OUT, b"x" * 1000)
        asker.house.child.write(b"x" * 1000)
        assert reading.answer.taken_bytes == 1000


async def test_who_is_removed_is_woken_and_gets_no_more() -> None:
    asker = Asker(SLEEP)
    with asker.reading("sleep") as reading, pytest.raises(Problem, match="log in"):
        await while_it_waits(
            task(reading.collected(wait_seconds=60)), lambda: asker.portal.replace_credentials((), ())
        )
    asker = Asker(SLEEP)
    with asker.reading("sleep") as reading:
        pieces = reading.pieces()
        asker.house.child.write(b"one")
        assert await anext(pieces) is not None
        asker.portal.replace_credentials((), ())
        asker.house.child.write(b"two")
        with pytest.raises(Problem, match="log in"):
            await anext(pieces)


async def test_whoever_goes_leaves_the_run_and_is_woken_no_more() -> None:
    asker = Asker(SLEEP)
    with asker.reading("sleep") as reading:
        waiting = task(reading.collected(wait_seconds=60))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    assert reading.answer.run is not None
    assert reading.answer.run.readers == []
    assert asker.house.clock.scheduled == 2, "the run's own time limit, and that it lingers"
    asker.portal.replace_credentials((), ())
    asker.house.clock.advance(10)
    asker.house.child.end()
    asker.house.assert_at_rest()


async def test_an_answer_that_is_there_takes_no_time() -> None:
    asker = Asker(SLEEP)
    with asker.reading("echo a") as reading:
        collected = await reading.collected(wait_seconds=0)
    assert (collected.data, asker.house.clock.scheduled) == (b"a\n", 0)
    with asker.reading("nothing") as reading:
        outcome = await reading.ended(wait_seconds=0)
    assert outcome is not None
    assert outcome.kind is OutcomeKind.UNKNOWN
