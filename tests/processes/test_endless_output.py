"""A child that writes for ever to nobody costs neither memory nor the loop."""

import asyncio
import resource
import time

import pytest

from doorward.core.launch import Signalled
from doorward.processes.spawner import ShimSpawner
from tests.processes.runs import launch_of, start


def resident_bytes() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


@pytest.mark.asyncio(loop_factories=["uvloop", "asyncio"])
async def test_unwanted_output_is_thrown_away_slowly(spawner: ShimSpawner) -> None:
    heard = start(spawner, launch_of("/usr/bin/yes"), wanted_bytes=200_000)
    await heard.until(lambda: len(heard.out) >= 200_000)
    before_bytes, busy_seconds = await asyncio.to_thread(resident_bytes), time.process_time()
    await asyncio.sleep(1.0)  # the time over which the processor is measured
    assert time.process_time() - busy_seconds < 0.3
    assert await asyncio.to_thread(resident_bytes) - before_bytes < 5_000_000
    assert len(heard.out) < 200_000 + 65_537
    assert heard.child is not None
    heard.child.stop()
    assert await heard.ending() == Signalled(15)


async def test_child_whose_output_is_unwanted_is_not_blocked(spawner: ShimSpawner) -> None:
    program = "head -c 2000000 /dev/zero; echo done >&2; sleep 1000"
    heard = start(spawner, launch_of("/bin/sh", "-c", f"({program}) 2>&1 | cat"), wanted_bytes=1)
    await heard.until(lambda: heard.out)
    ended = start(spawner, launch_of("/bin/sh", "-c", "head -c 2000000 /dev/zero"), wanted_bytes=1)
    await ended.ending()
    assert heard.child is not None
    heard.child.stop()
    await heard.ending()
