"""A thousand runs leave nothing behind."""

import asyncio
import os

from doorward.core.launch import Exited
from doorward.processes.settings import ProcessSettings
from doorward.processes.spawner import ShimSpawner
from tests.processes.runs import launch_of, shims, start, until


def count_descriptors(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


async def test_a_thousand_runs_leave_no_descriptors_zombies_or_shims() -> None:
    settings = ProcessSettings(warm_shims=2, idle_seconds=0.1)
    spawner = ShimSpawner(asyncio.get_running_loop(), settings)
    spawner.warm_up()
    await until(lambda: len(shims(spawner)) == 2)
    before = await asyncio.to_thread(count_descriptors, os.getpid())
    for _ in range(20):
        batch = [start(spawner, launch_of("/bin/true", secrets=(b"s",), takes_input=True)) for _ in range(50)]
        assert [await heard.ending() for heard in batch] == [Exited(0)] * 50
    await until(lambda: len(shims(spawner)) == 2)
    assert await asyncio.to_thread(count_descriptors, os.getpid()) == before
    for shim in await asyncio.to_thread(shims, spawner):
        assert await asyncio.to_thread(count_descriptors, shim) <= 7
    await spawner.close()
