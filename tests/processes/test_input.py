"""What is written for a child's stdin: large, slow, unread, too much."""

import asyncio
import hashlib

import pytest

from doorward.core.launch import Exited, Signalled
from doorward.processes.settings import ProcessSettings
from doorward.processes.spawner import ShimSpawner
from tests.processes.runs import launch_of, python_launch, start


@pytest.mark.asyncio(loop_factories=["uvloop", "asyncio"])
async def test_input_larger_than_a_pipe_arrives_whole(spawner: ShimSpawner) -> None:
    data = bytes(range(256)) * 3900
    heard = start(spawner, launch_of("/usr/bin/sha256sum", takes_input=True))
    assert heard.child is not None
    for begin in range(0, len(data), 50_000):
        heard.child.write_input(data[begin : begin + 50_000])
    heard.child.close_input()
    heard.child.close_input()
    assert await heard.ending() == Exited(0)
    assert heard.out.split()[0].decode() == hashlib.sha256(data).hexdigest()


async def test_slow_reader_gets_everything(spawner: ShimSpawner) -> None:
    program = (
        "import os, time\nn = 0\n"
        "while data := os.read(0, 40_000):\n    n += len(data)\n    time.sleep(0.002)\nprint(n)"
    )
    heard = start(spawner, python_launch(program, takes_input=True))
    assert heard.child is not None
    heard.child.write_input(b"x" * 900_000)
    heard.child.close_input()
    assert await heard.ending() == Exited(0)
    assert heard.out == b"900000\n"


async def test_child_that_closes_its_stdin_is_none_the_worse(spawner: ShimSpawner) -> None:
    heard = start(
        spawner, launch_of("/bin/sh", "-c", "exec 0<&-; echo closed; sleep 0.1; exit 6", takes_input=True)
    )
    assert heard.child is not None
    heard.child.write_input(b"x" * 500_000)
    await heard.line()
    heard.child.write_input(b"more")
    assert await heard.ending() == Exited(6)
    heard.child.write_input(b"too late")
    heard.child.close_input()


@pytest.mark.may_block(reason="the log goes to memory here")
async def test_more_than_may_be_held_stops_the_child() -> None:
    spawner = ShimSpawner(asyncio.get_running_loop(), ProcessSettings(input_bytes=100_000))
    heard = start(spawner, launch_of("/bin/sleep", "1000", takes_input=True))
    assert heard.child is not None
    heard.child.write_input(b"x" * 300_000)
    assert await heard.ending() == Signalled(15)
    await spawner.close()
