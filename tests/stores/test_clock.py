"""The machine's time on a running loop."""

import asyncio

from doorward.core.ports import Clock
from doorward.stores.clock import SystemClock


async def test_a_call_is_made_on_the_loop_after_its_delay() -> None:
    clock: Clock = SystemClock(asyncio.get_running_loop())
    called = asyncio.Event()
    began_at = clock.monotonic()
    clock.call_later(0.01, called.set)
    async with asyncio.timeout(5):
        await called.wait()
    # a loop's timers are as coarse as a millisecond
    assert clock.monotonic() - began_at >= 0.009


async def test_a_call_that_was_taken_back_is_not_made() -> None:
    clock = SystemClock(asyncio.get_running_loop())
    called: list[str] = []
    later = asyncio.Event()
    clock.call_later(0.01, lambda: called.append("taken back")).cancel()
    clock.call_later(0.02, later.set)
    async with asyncio.timeout(5):
        await later.wait()
    assert called == []


async def test_the_wall_clock_counts_from_1970() -> None:
    # 2025-01-01 and 2100-01-01
    assert 1_735_689_600 < SystemClock(asyncio.get_running_loop()).wall() < 4_102_444_800
