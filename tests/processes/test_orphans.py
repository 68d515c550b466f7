"""What a run's process leaves behind ends with the run, and what another run left behind does not."""

import asyncio
from pathlib import Path

import pytest

from doorward.core.launch import Exited, Signalled
from doorward.processes.spawner import ShimSpawner
from tests.processes.runs import (
    is_alive,
    launch_of,
    nursery_pid,
    processes_below,
    python_launch,
    start,
    until,
)

ESCAPE = """
import os, sys, time
def escape():
    if os.fork():
        os._exit(0)
    os.setsid()
    if os.fork():
        os._exit(0)
    os.execve('/bin/sh', ['sh', '-c', 'echo $$; exec setsid -f /usr/bin/env -i /bin/sleep 1000'], {})
for _ in range(2):
    if os.fork() == 0:
        escape()
print('ready', flush=True)
time.sleep(1000 if sys.argv[1] == 'stay' else float(sys.argv[1]))
"""
"""Forks twice, twice; each in a session of its own, without environment, with another such below it."""


async def sleepers(spawner: ShimSpawner) -> list[int]:
    """The process ids of the only run's two escaped `sleep 1000`."""
    found: list[int] = []

    def look() -> bool:
        found[:] = filter(is_bare_sleeper, processes_below(nursery_pid(spawner)))
        return len(found) == 2

    await until(look)
    return found


def is_bare_sleeper(pid: int) -> bool:
    process = Path(f"/proc/{pid}")
    try:
        return (process / "cmdline").read_bytes() == b"/bin/sleep\x001000\0" and not (
            process / "environ"
        ).read_bytes()
    except OSError:
        return False


async def test_orphans_in_sessions_of_their_own_die_with_their_run_and_only_they(
    spawner: ShimSpawner,
) -> None:
    first = start(spawner, python_launch(ESCAPE, "stay"))
    of_first = await sleepers(spawner)
    second = start(spawner, python_launch(ESCAPE, "stay"))
    await second.until(lambda: second.out.count(b"\n") == 3)
    assert first.child is not None
    assert second.child is not None
    second.child.stop()
    assert await second.ending() == Signalled(15)
    assert all(await _alive(of_first))
    first.child.stop()
    assert await first.ending() == Signalled(15)
    assert not any(await _alive(of_first))


async def _alive(pids: list[int]) -> list[bool]:
    return await asyncio.to_thread(lambda: [is_alive(pid) for pid in pids])


@pytest.mark.parametrize("ignores", ["", "trap '' TERM;"], ids=["obeys TERM", "ignores TERM"])
async def test_run_ends_with_its_first_process_and_takes_the_others_along(
    spawner: ShimSpawner, ignores: str
) -> None:
    program = f"{ignores} (setsid sh -c 'echo $$; while :; do sleep 1; done') & sleep 0.2; exit 5"
    heard = start(spawner, launch_of("/bin/sh", "-c", program))
    assert await heard.ending() == Exited(5)
    assert not any(await _alive([int(heard.out)]))


async def test_orphan_that_keeps_the_output_open_does_not_hold_up_the_end(spawner: ShimSpawner) -> None:
    heard = start(spawner, launch_of("/bin/sh", "-c", "echo said; setsid sleep 1000 & exit 0"))
    assert await heard.ending() == Exited(0)
    assert heard.out == b"said\n"


async def test_the_dead_are_reaped_while_the_run_lives(spawner: ShimSpawner) -> None:
    program = (
        "import os, time\n"
        "for _ in range(50):\n"
        "    if os.fork() == 0:\n"
        "        if os.fork(): os._exit(0)\n"
        "        os._exit(0)\n"
        "    os.wait()\n"
        "shim = f'/proc/{os.getppid()}/task/{os.getppid()}/children'\n"
        "while open(shim).read().split() != [str(os.getpid())]: time.sleep(0.005)\n"
        "print('alone')\n"
    )
    heard = start(spawner, python_launch(program))
    assert await heard.ending() == Exited(0)
    assert heard.out == b"alone\n"
