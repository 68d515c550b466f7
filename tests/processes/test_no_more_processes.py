"""A nursery that can fork no more says so at once."""

import errno
import resource
from pathlib import Path

import pytest

from doorward.core.launch import Exited, NotStarted
from doorward.processes import shim
from doorward.processes.settings import ProcessSettings
from doorward.processes.spawner import ShimSpawner
from tests.processes.runs import launch_of, nursery_pid, start


@pytest.fixture
def process_settings() -> ProcessSettings:
    # what is only found out by waiting takes longer than the test does
    return ProcessSettings(warm_shims=0, answer_seconds=1000.0)


async def test_a_run_without_a_shim_is_not_started_and_leaves_nothing(spawner: ShimSpawner) -> None:
    held = start(spawner, launch_of("/bin/cat", takes_input=True))
    assert held.child is not None
    held.child.write_input(b"on\n")
    await held.line()
    # no descriptor for the shim's socket: the same as no process for the shim
    nursery = nursery_pid(spawner)
    soft, hard = resource.prlimit(nursery, resource.RLIMIT_NOFILE)
    resource.prlimit(nursery, resource.RLIMIT_NOFILE, (3, hard))
    for _ in range(3):
        ending = await start(spawner, launch_of("/bin/true")).ending()
        assert isinstance(ending, NotStarted)
        assert ending.errno == errno.EAGAIN
    assert spawner.pool._doomed == {}
    assert set(spawner.pool._links) == {1}
    resource.prlimit(nursery, resource.RLIMIT_NOFILE, (soft, hard))
    assert await start(spawner, launch_of("/bin/true")).ending() == Exited(0)
    held.child.close_input()
    assert await held.ending() == Exited(0)


FORKLESS = """
import errno, os, runpy
fork, os.fork = os.fork, lambda: forks.pop(0)()
def refuse():
    raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))
forks = [fork, refuse, refuse]
runpy.run_path({shim!r}, run_name="__main__")
"""
"""The nursery on a machine that has one process to give: root cannot be denied any by a limit."""


@pytest.mark.may_block("the program is written to a file")
async def test_a_fork_that_fails_is_told_at_once(
    spawner: ShimSpawner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "nursery.py"
    program.write_text(FORKLESS.format(shim=shim.__file__))
    monkeypatch.setattr(shim, "__file__", str(program))
    held = start(spawner, launch_of("/bin/cat", takes_input=True))
    for _ in range(2):
        ending = await start(spawner, launch_of("/bin/true")).ending()
        assert isinstance(ending, NotStarted)
        assert ending.errno == errno.EAGAIN
    assert spawner.pool._doomed == {}
    assert set(spawner.pool._links) == {1}
    assert held.child is not None
    held.child.close_input()
    assert await held.ending() == Exited(0)
