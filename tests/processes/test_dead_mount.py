"""A program, or a file, on a mount that never answers harms its own run only."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from doorward.core.launch import Exited, Launch, Lost, Unkillable
from doorward.processes.settings import ProcessSettings
from doorward.processes.spawner import ShimSpawner
from tests.processes.runs import is_alive, launch_of, nursery_pid, processes_below, shims, start, until

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not os.access("/dev/fuse", os.R_OK | os.W_OK), reason="needs root and /dev/fuse"
)


class DeadMount:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        script = Path(__file__).with_name("dead_mount.py")
        self._server = subprocess.Popen(
            [sys.executable, "-I", "-S", script, folder], stdout=subprocess.PIPE, text=True
        )
        self.hear("mounted")

    def hear(self, word: str) -> None:
        assert self._server.stdout is not None
        assert self._server.stdout.readline() == f"{word}\n"

    def release(self) -> None:
        """All that hangs fails; nobody else, such as a `df` elsewhere, meets the mount without its server."""
        if self._server.poll() is None:
            subprocess.run(["umount", "-l", self.folder], check=True)
            self._server.kill()
            self._server.wait()

    def close(self) -> None:
        self.release()
        assert self._server.stdout is not None
        self._server.stdout.close()


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[DeadMount]:
    try:
        made = DeadMount(tmp_path)
    except AssertionError:
        pytest.skip("this kernel mounts no fuse")
    yield made
    made.close()


@pytest.fixture
def process_settings() -> ProcessSettings:
    return ProcessSettings(answer_seconds=0.3)


@pytest.mark.parametrize(
    "launch_in",
    [
        lambda folder: launch_of(f"{folder}/program", unkillable_seconds=0.3),
        lambda folder: launch_of(f"{folder}/program", unkillable_seconds=0.3, resources={"core": 0}),
        lambda folder: launch_of("/bin/cat", f"{folder}/file", unkillable_seconds=0.3),
    ],
    ids=["spawn hangs", "forked exec hangs", "open hangs"],
)
async def test_what_survives_kill_is_given_up_and_frees_its_place(
    spawner: ShimSpawner, mount: DeadMount, launch_in: Callable[[Path], Launch]
) -> None:
    heard = start(spawner, launch_in(mount.folder))
    await asyncio.to_thread(mount.hear, "asked")
    assert await start(spawner, launch_of("/bin/true")).ending() == Exited(0)
    below = await asyncio.to_thread(processes_below, nursery_pid(spawner))
    assert heard.child is not None
    heard.child.stop()
    assert await heard.ending() == Unkillable()
    await until(lambda: any(map(cannot_be_killed, below)))
    stuck = await asyncio.to_thread(lambda: [pid for pid in below if cannot_be_killed(pid)])
    assert await start(spawner, launch_of("/bin/true")).ending() == Exited(0)
    assert not heard.is_gone
    await asyncio.to_thread(mount.release)
    await heard.until(lambda: heard.is_gone)
    assert not any(await asyncio.to_thread(lambda: [is_alive(pid) for pid in stuck]))


async def test_what_survives_kill_when_its_shim_is_dead_holds_up_no_other(
    spawner: ShimSpawner, mount: DeadMount
) -> None:
    patient = {"unkillable_seconds": 20.0}
    stuck = start(spawner, launch_of("/bin/cat", f"{mount.folder}/file", **patient))
    await asyncio.to_thread(mount.hear, "asked")
    await kill_only_shim(spawner, set())
    left = set(await asyncio.to_thread(processes_below, nursery_pid(spawner)))
    other = start(spawner, launch_of("/bin/sh", "-c", "echo on; sleep 1000 & sleep 1000", **patient))
    await other.line()
    await kill_only_shim(spawner, left)
    assert isinstance(await other.ending(), Lost)
    assert stuck.endings == []
    await asyncio.to_thread(mount.release)
    assert isinstance(await stuck.ending(), Lost)


async def kill_only_shim(spawner: ShimSpawner, others: set[int]) -> None:
    (shim,) = set(await asyncio.to_thread(shims, spawner)) - others
    os.kill(shim, signal.SIGKILL)
    await until(lambda: shim not in shims(spawner))


def cannot_be_killed(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(") ")[2][0] == "D"
