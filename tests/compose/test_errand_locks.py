"""One look of an errand at a time, whoever gives up waiting."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from doorward.compose.errand_locks import errand_lock
from doorward.core.errors import StateError

BOUND_SECONDS = 30.0


class LateThread(ThreadPoolExecutor):
    """A thread that has done what it was asked for, and says so only when it may."""

    def __init__(self) -> None:
        super().__init__(max_workers=1)
        self.has_done = threading.Event()
        self.may_say = threading.Event()

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        def late() -> Any:
            result = function(*args, **kwargs)
            self.has_done.set()
            self.may_say.wait(BOUND_SECONDS)
            return result

        return super().submit(late)


async def hold(folder: Path) -> None:
    async with errand_lock(folder, "cve.security"):
        pass


async def test_two_at_once_are_one_too_many(tmp_path: Path) -> None:
    async with errand_lock(tmp_path, "cve.security"):
        with pytest.raises(StateError, match="another process is on this errand"):
            await hold(tmp_path)
    await hold(tmp_path)


async def test_who_gives_up_while_it_is_taken_leaves_it_to_others(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    late, watching = LateThread(), ThreadPoolExecutor(1)
    loop.set_default_executor(late)
    holding = loop.create_task(hold(tmp_path))
    assert await loop.run_in_executor(watching, late.has_done.wait, BOUND_SECONDS)
    holding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await holding
    late.may_say.set()
    # what the thread did is told to the loop before this is
    await loop.run_in_executor(watching, late.shutdown)
    loop.set_default_executor(watching)
    await hold(tmp_path)
    await loop.shutdown_default_executor()
