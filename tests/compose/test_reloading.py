"""Readings come one after the other, and the last one that was asked for is the one that stays."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from doorward.compose.reloading import Reloads, Scope

BOUND_SECONDS = 10.0


class Source:
    """A number that is read; a reading waits, once it has the number, until it is let go."""

    def __init__(self) -> None:
        self.number = 0
        self.taken: list[int] = []
        self.discarded: list[int] = []
        self.scopes: list[Scope] = []
        self.began = threading.Semaphore(0)
        self.go = threading.Semaphore(0)

    def read(self, scope: Scope) -> int:
        self.scopes.append(scope)
        number = self.number
        self.began.release()
        assert self.go.acquire(timeout=BOUND_SECONDS)
        if number < 0:
            raise ValueError(number)
        return number

    async def take(self, number: int) -> str:
        self.taken.append(number)
        return f"{number} is taken"

    async def has_begun(self) -> None:
        assert await asyncio.to_thread(self.began.acquire, timeout=BOUND_SECONDS)


def begun(source: Source) -> "Reloads[int]":
    reloads = Reloads(source.read, source.take, discard=source.discarded.append)
    reloads.begin()
    return reloads


async def test_who_asks_before_the_beginning_is_answered_after_it() -> None:
    source = Source()
    source.go.release(2)
    reloads = Reloads(source.read, source.take, discard=source.discarded.append)
    early = reloads.ask(Scope.USERS)
    assert reloads.ask() is early
    await asyncio.sleep(0)
    assert source.scopes == []
    reloads.begin()
    assert await asyncio.wait_for(early, BOUND_SECONDS) == "0 is taken"
    assert source.scopes == [Scope.EVERYTHING]
    reloads.close()


async def test_who_asks_during_a_reading_gets_one_that_began_later() -> None:
    source = Source()
    reloads = begun(source)
    first = reloads.ask()
    await source.has_begun()
    source.number = 1
    second, third = reloads.ask(), reloads.ask()
    assert second is third
    source.go.release(2)
    assert [await first, await second] == ["0 is taken", "1 is taken"]
    assert source.taken == [0, 1]
    reloads.close()


async def test_a_reading_that_fails_lets_the_next_go_on() -> None:
    source = Source()
    reloads = begun(source)
    source.number = -1
    first = reloads.ask()
    await source.has_begun()
    source.number = 2
    second = reloads.ask()
    source.go.release(2)
    with pytest.raises(ValueError, match="-1"):
        await first
    assert await second == "2 is taken"
    reloads.close()


async def test_a_system_without_threads_fails_this_reading_and_not_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source = Source()
    source.go.release()
    reloads = begun(source)

    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError):
            await asyncio.wait_for(reloads.ask(), BOUND_SECONDS)
    assert await asyncio.wait_for(reloads.ask(), BOUND_SECONDS) == "0 is taken"
    reloads.close()


async def test_what_was_read_when_the_end_came_is_discarded() -> None:
    source = Source()
    reloads = begun(source)
    asked = reloads.ask()
    await source.has_begun()
    reloads.close()
    source.go.release()
    await reloads.ended(BOUND_SECONDS)
    assert asked.cancelled()
    assert (source.taken, source.discarded) == ([], [0])


async def test_who_asks_after_the_end_hears_so_at_once() -> None:
    source = Source()
    reloads = begun(source)
    reloads.close()
    assert reloads.ask().cancelled()
    assert source.scopes == []


async def test_what_is_being_taken_at_the_end_is_cancelled_and_not_discarded_too() -> None:
    source = Source()
    source.go.release()
    takes = asyncio.Event()
    undone = asyncio.Event()

    async def take(_number: int) -> str:
        takes.set()
        try:
            await asyncio.Event().wait()
        finally:
            undone.set()
        return ""

    reloads = Reloads(source.read, take, discard=source.discarded.append)
    reloads.begin()
    asked = reloads.ask()
    await asyncio.wait_for(takes.wait(), BOUND_SECONDS)
    reloads.close()
    await reloads.ended(BOUND_SECONDS)
    assert asked.cancelled()
    assert undone.is_set()
    assert source.discarded == []


def test_a_reading_that_never_ends_keeps_nothing_from_ending() -> None:
    source = Source()

    async def ask_and_leave() -> Callable[[], bool]:
        reloads = begun(source)
        asked, later = reloads.ask(), reloads.ask()
        await source.has_begun()
        reloads.close()
        assert later.cancelled()
        return asked.cancelled

    ended = threading.Event()

    def run() -> None:
        assert asyncio.run(ask_and_leave())()
        ended.set()

    threading.Thread(target=run, daemon=True).start()
    assert ended.wait(BOUND_SECONDS / 2), "the loop waits for a thread that hangs"
    source.go.release()
    assert source.taken == []
