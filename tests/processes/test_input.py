"""What is written for a child's stdin: large, slow, unread, too much."""

import asyncio
import hashlib
import os
import signal
from pathlib import Path

import pytest

from doorward.core.launch import Exited
from doorward.processes.spawner import ShimSpawner
from tests.processes.runs import launch_of, nursery_pid, processes_below, python_launch, start, until


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


async def test_however_much_a_command_may_be_sent_waits_until_it_is_read(spawner: ShimSpawner) -> None:
    program = "echo ready; kill -STOP $$; exec wc -c"
    heard = start(spawner, launch_of("/bin/sh", "-c", program, takes_input=True))
    assert heard.child is not None
    await heard.line()
    for _ in range(3):
        heard.child.write_input(b"x" * (1 << 20))
    heard.child.close_input()
    await until(lambda: [pid for pid in processes_below(nursery_pid(spawner)) if is_stopped(pid)])
    for pid in await asyncio.to_thread(processes_below, nursery_pid(spawner)):
        os.kill(pid, signal.SIGCONT)
    assert await heard.ending() == Exited(0)
    assert heard.out == b"ready\n%d\n" % (3 << 20)


def is_stopped(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(") ")[2][0] == "T"
