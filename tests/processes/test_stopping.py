"""A stopped run is over soon, whatever its first process does."""

import asyncio
import time

from doorward.core.launch import Exited, NotStarted, Signalled
from doorward.processes.settings import ProcessSettings
from doorward.processes.spawner import ShimSpawner
from tests.processes.runs import launch_of, python_launch, start


async def test_hung_command_ends_by_term(spawner: ShimSpawner) -> None:
    heard = start(spawner, launch_of("/bin/sh", "-c", "echo on; exec sleep 1000"))
    await heard.line()
    assert heard.child is not None
    heard.child.stop()
    heard.child.stop()
    assert await heard.ending() == Signalled(15)


async def test_command_that_ignores_term_ends_by_kill_after_the_grace(spawner: ShimSpawner) -> None:
    program = "import signal; signal.signal(15, signal.SIG_IGN); print('on', flush=True); signal.pause()"
    heard = start(spawner, python_launch(program))
    await heard.line()
    assert heard.child is not None
    began_at = time.monotonic()
    heard.child.stop()
    assert await heard.ending() == Signalled(9)
    assert time.monotonic() - began_at >= 0.3


async def test_command_that_obeys_term_has_its_last_words_and_status(spawner: ShimSpawner) -> None:
    program = "trap 'echo bye; exit 7' TERM; echo on; while :; do sleep 0.01; done"
    heard = start(spawner, launch_of("/bin/sh", "-c", program, grace_seconds=10.0))
    await heard.line()
    assert heard.child is not None
    heard.child.stop()
    assert await heard.ending() == Exited(7)
    assert heard.out == b"on\nbye\n"


async def test_stopped_process_is_woken_to_obey(spawner: ShimSpawner) -> None:
    heard = start(spawner, launch_of("/bin/sh", "-c", "echo on; kill -STOP $$", grace_seconds=10.0))
    await heard.line()
    assert heard.child is not None
    heard.child.stop()
    assert await heard.ending() == Signalled(15)


async def test_stop_right_after_spawn_ends_the_run(spawner: ShimSpawner) -> None:
    heard = start(spawner, launch_of("/bin/sleep", "1000"))
    assert heard.child is not None
    heard.child.stop()
    assert await heard.ending() == Signalled(15)


async def test_stop_after_the_end_is_nothing(spawner: ShimSpawner) -> None:
    heard = start(spawner, launch_of("/bin/true"))
    await heard.ending()
    assert heard.child is not None
    heard.child.stop()
    after = start(spawner, launch_of("/bin/true"))
    assert await after.ending() == Exited(0)


async def test_run_that_waits_for_its_turn_is_stopped_without_having_been() -> None:
    settings = ProcessSettings(starting=1, starting_seconds=60.0)
    spawner = ShimSpawner(asyncio.get_running_loop(), settings)
    first = start(spawner, launch_of("/bin/sleep", "1000"))
    second = start(spawner, launch_of("/bin/sleep", "1000"))
    assert second.child is not None
    second.child.stop()
    assert isinstance(await second.ending(), NotStarted)
    await spawner.close()
    assert await first.ending() == Signalled(15)
