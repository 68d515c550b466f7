"""A run that forks without end is ended all the same; the bombs here are bounded in number."""

import asyncio
import os
from pathlib import Path

import pytest

from doorward.core.launch import Signalled
from doorward.processes.spawner import ShimSpawner
from tests.processes.runs import processes_below, python_launch, shims, start, until

BOMB = """
import os, signal, sys, time
signal.signal(15, signal.SIG_IGN)
signal.signal(17, signal.SIG_IGN)
counter = sys.argv[1]
print('on', flush=True)
if os.fork():
    time.sleep(1000)
while True:
    if os.path.getsize(counter) > 1000:
        time.sleep(1000)
    descriptor = os.open(counter, os.O_WRONLY | os.O_APPEND)
    os.write(descriptor, b'.')
    os.close(descriptor)
    if os.fork() == 0:
        if sys.argv[2] == 'sessions':
            os.setsid()
    elif sys.argv[3] == 'dying':
        os._exit(0)
    else:
        time.sleep(0.01)
"""


@pytest.fixture
def counter(tmp_path: Path) -> Path:
    made = tmp_path / "counter"
    made.touch()
    return made


@pytest.mark.parametrize("sessions", ["one", "sessions"])
@pytest.mark.parametrize("parents", ["staying", "dying"])
async def test_bomb_that_ignores_term_is_ended_while_it_forks(
    spawner: ShimSpawner, counter: Path, sessions: str, parents: str
) -> None:
    # a thousand processes take their time to die on a loaded machine; that they all do is the point
    launch = python_launch(BOMB, str(counter), sessions, parents, grace_seconds=0.0, unkillable_seconds=30.0)
    heard = start(spawner, launch)
    await heard.line()
    await until(lambda: os.path.getsize(counter) > 50)
    assert heard.child is not None
    heard.child.stop()
    assert await heard.ending() == Signalled(9)
    assert await asyncio.to_thread(lambda: [processes_below(shim) for shim in shims(spawner)]) == [set()]
    size = await asyncio.to_thread(os.path.getsize, counter)
    assert size > 50
