"""Threads when the system has no more of them."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from doorward.core.limits import Limits
from doorward.core.outcome import SUCCESS, OutcomeKind
from doorward.core.parameter import Parameter
from doorward.core.parameter_types import PathType
from doorward.service.threads import Threads
from tests.service.house import ALICE, BOUND_SECONDS, House, program


def _refuse(_thread: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


@pytest.fixture
def none_left(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """No thread can be started until this is called."""
    monkeypatch.setattr(threading.Thread, "start", _refuse)
    return monkeypatch.undo


async def test_a_call_without_a_thread_fails_and_is_never_made(none_left: Callable[[], None]) -> None:
    threads, made = Threads(1, name="test"), list[str]()
    failed = threads.call(lambda: made.append("first"))
    with pytest.raises(RuntimeError, match="can't start"):
        await failed.future
    assert threads.waiting == 0
    none_left()
    async with asyncio.timeout(BOUND_SECONDS):
        await threads.call(lambda: made.append("second")).future
    assert made == ["second"]
    threads.close()


async def test_a_call_without_a_thread_of_its_own_waits_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    threads, opened = Threads(2, name="test"), threading.Event()
    first = threads.call(lambda: opened.wait(BOUND_SECONDS))
    monkeypatch.setattr(threading.Thread, "start", _refuse)
    second = threads.call(lambda: "made")
    opened.set()
    async with asyncio.timeout(BOUND_SECONDS):
        assert (await first.future, await second.future) == (True, "made")
    threads.close()


@pytest.mark.may_block("pytest's own log handler writes to a file")
async def test_a_run_that_can_follow_no_path_keeps_no_other_from_being_told_its_end(
    none_left: Callable[[], None], tmp_path: Path
) -> None:
    cat = program("cat", Parameter(name="file", type=PathType(within=str(tmp_path))))
    house = House(program("sleep"), cat, limits=Limits(runs=1))
    first, second = house.ask(ALICE, "sleep"), house.ask(ALICE, "cat x")
    house.child.end()
    assert first.outcome == SUCCESS
    assert (await second.ended()).kind is OutcomeKind.FAILED
    none_left()
    house.assert_at_rest()
