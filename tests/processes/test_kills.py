"""KILL for the daemon, a shim or the nursery, by somebody else: nothing goes on unwatched."""

import asyncio
import os
import signal
import subprocess
import sys

import pytest

from doorward.core.launch import Exited, Lost, Signalled, Unkillable
from doorward.processes.settings import ProcessSettings
from doorward.processes.spawner import ShimSpawner
from tests.processes.runs import (
    children_of,
    is_alive,
    launch_of,
    nursery_pid,
    processes_below,
    shims,
    start,
    until,
)

TREE = (
    "setsid -f sleep 1000; (setsid sh -c 'trap \"\" TERM; while :; do sleep 1; done') & echo on; sleep 1000"
)

DAEMON = """
import asyncio
from doorward.core.launch import Launch
from doorward.processes.spawner import ShimSpawner
class Events:
    def output_received(self, stream, data):
        print(data.decode(), end='', flush=True)
        return True
    def ended(self, ending):
        print(ending, flush=True)
    def gone(self):
        pass
async def main():
    spawner = ShimSpawner(asyncio.get_running_loop())
    for _ in range(3):
        spawner.spawn(Launch(argv=('/bin/sh', '-c', %r), environment={'PATH': '/usr/bin:/bin'}), Events())
    await asyncio.sleep(1000)
asyncio.run(main())
"""


def test_killed_daemon_leaves_nothing_running() -> None:
    daemon = subprocess.Popen([sys.executable, "-c", DAEMON % TREE], stdout=subprocess.PIPE)
    assert daemon.stdout is not None
    with daemon, daemon.stdout:
        assert [daemon.stdout.readline() for _ in range(3)] == [b"on\n"] * 3
        below = processes_below(daemon.pid)
        assert len(below) >= 1 + 3 + 3 * 3
        daemon.kill()
        daemon.wait()
        asyncio.run(until(lambda: not any(map(is_alive, below))))


async def test_killed_shim_is_told_as_lost_and_its_tree_is_killed(spawner: ShimSpawner) -> None:
    heard, other = (start(spawner, launch_of("/bin/sh", "-c", TREE)) for _ in range(2))
    await heard.line()
    await other.line()
    shim, others_shim = sorted(await asyncio.to_thread(shims, spawner))
    below = await asyncio.to_thread(processes_below, shim)
    others = await asyncio.to_thread(processes_below, others_shim)
    os.kill(shim, signal.SIGKILL)
    assert isinstance(await heard.ending(), Lost)
    assert not any(await asyncio.to_thread(lambda: [is_alive(pid) for pid in below]))
    assert all(await asyncio.to_thread(lambda: [is_alive(pid) for pid in others]))
    assert await start(spawner, launch_of("/bin/true")).ending() == Exited(0)
    assert other.child is not None
    other.child.stop()
    assert await other.ending() == Signalled(15)


async def test_killed_nursery_is_replaced_and_its_runs_go_on(spawner: ShimSpawner) -> None:
    heard = start(spawner, launch_of("/bin/sh", "-c", "echo on; read answer; exit 3", takes_input=True))
    await heard.line()
    old = nursery_pid(spawner)
    (old_shim,) = await asyncio.to_thread(shims, spawner)
    os.kill(old, signal.SIGKILL)
    await until(lambda: spawner.pool._nursery is None)
    assert await start(spawner, launch_of("/bin/true")).ending() == Exited(0)
    assert nursery_pid(spawner) != old
    assert heard.child is not None
    heard.child.write_input(b"\n")
    assert await heard.ending() == Exited(3)
    await until(lambda: not is_alive(old_shim))


async def test_killed_nursery_and_shim_are_told_as_lost(spawner: ShimSpawner) -> None:
    heard = start(spawner, launch_of("/bin/sleep", "1000"))
    await until(lambda: processes_below(nursery_pid(spawner)))
    nursery = nursery_pid(spawner)
    (shim,) = await asyncio.to_thread(shims, spawner)
    await until(lambda: children_of(shim))
    (left,) = await asyncio.to_thread(children_of, shim)
    os.kill(nursery, signal.SIGKILL)
    await until(lambda: spawner.pool._nursery is None)
    os.kill(shim, signal.SIGKILL)
    assert isinstance(await heard.ending(), Lost)
    os.kill(left, signal.SIGKILL)  # nobody was left to do it: see docs/decisions


class TestWithLittlePatience:
    @pytest.fixture
    def process_settings(self) -> ProcessSettings:
        return ProcessSettings(answer_seconds=0.1)

    async def test_shim_that_does_not_answer_is_given_up_and_killed(self, spawner: ShimSpawner) -> None:
        heard = start(spawner, launch_of("/bin/sh", "-c", TREE, grace_seconds=0.1, unkillable_seconds=0.1))
        await heard.line()
        (shim,) = await asyncio.to_thread(shims, spawner)
        below = await asyncio.to_thread(processes_below, shim)
        os.kill(shim, signal.SIGSTOP)
        assert await start(spawner, launch_of("/bin/true")).ending() == Exited(0)
        assert heard.child is not None
        heard.child.stop()
        assert await heard.ending() == Unkillable()
        await until(lambda: not any(map(is_alive, [shim, *below])))
