"""What a child finds, writes, reads and ends with."""

import asyncio
import errno
import hashlib
import os
from pathlib import Path

import pytest

from doorward.core.launch import Exited, NotStarted, Signalled
from doorward.processes.settings import ProcessSettings
from doorward.processes.spawner import ShimSpawner
from tests.processes.runs import ENVIRONMENT, launch_of, python_launch, start

LIBRARY_SIGNALS = 1 << 31 | 1 << 32
"""32 and 33, which the C library keeps for itself and lets nobody set back."""


@pytest.mark.asyncio(loop_factories=["uvloop", "asyncio"])
async def test_output_is_exact_and_its_streams_are_told_apart(spawner: ShimSpawner) -> None:
    heard = start(spawner, launch_of("/bin/sh", "-c", "printf 'a\\0b'; printf 'c\\n' >&2; printf d"))
    assert await heard.ending() == Exited(0)
    assert (bytes(heard.out), bytes(heard.err)) == (b"a\0bd", b"c\n")


@pytest.mark.asyncio(loop_factories=["uvloop", "asyncio"])
async def test_output_of_megabytes_arrives_whole_before_the_end(spawner: ShimSpawner) -> None:
    program = "import os\nfor i in range(300): os.write(1 + i % 2, bytes([i % 251]) * 20011)"
    heard = start(spawner, python_launch(program))
    assert await heard.ending() == Exited(0)
    for written, parity in ((heard.out, 0), (heard.err, 1)):
        whole = b"".join(bytes([i % 251]) * 20011 for i in range(parity, 300, 2))
        assert hashlib.sha256(written).digest() == hashlib.sha256(whole).digest()


async def test_output_comes_while_the_child_lives(spawner: ShimSpawner) -> None:
    heard = start(spawner, launch_of("/bin/sh", "-c", "echo here; read answer", takes_input=True))
    assert await heard.line() == "here"
    assert heard.endings == []
    assert heard.child is not None
    heard.child.write_input(b"go\n")
    assert await heard.ending() == Exited(0)


@pytest.mark.parametrize("status", [0, 1, 3, 127, 255])
async def test_exit_status_is_the_childs(spawner: ShimSpawner, status: int) -> None:
    assert await start(spawner, launch_of("/bin/sh", "-c", f"exit {status}")).ending() == Exited(status)


@pytest.mark.parametrize("number", [1, 9, 13, 15, 11])
async def test_death_by_a_signal_is_told(spawner: ShimSpawner, number: int) -> None:
    heard = start(spawner, launch_of("/bin/sh", "-c", f"kill -{number} $$"))
    assert await heard.ending() == Signalled(number)


@pytest.mark.parametrize("fields", [{}, {"resources": {"core": 0}}], ids=["spawned", "forked"])
async def test_missing_program_is_not_started(spawner: ShimSpawner, fields: dict[str, object]) -> None:
    ending = await start(spawner, launch_of("/nowhere/at/all", **fields)).ending()
    assert ending == NotStarted(errno.ENOENT, os.strerror(errno.ENOENT))


@pytest.fixture
def program(tmp_path: Path) -> Path:
    made = tmp_path / "program"
    made.write_text("#!/bin/sh\nexit 4\n", encoding="utf-8")
    made.chmod(0o755)
    return made


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    made = tmp_path / "plain"
    made.write_text("exit 0", encoding="utf-8")
    return made


async def test_program_that_vanished_and_came_back_is_found(spawner: ShimSpawner, program: Path) -> None:
    launch = launch_of(str(program))
    assert await start(spawner, launch).ending() == Exited(4)
    hidden = program.with_name("hidden")
    await asyncio.to_thread(program.rename, hidden)
    ending = await start(spawner, launch).ending()
    assert isinstance(ending, NotStarted)
    assert ending.errno == errno.ENOENT
    await asyncio.to_thread(hidden.rename, program)
    assert await start(spawner, launch).ending() == Exited(4)


async def test_file_that_is_no_program_is_not_started(spawner: ShimSpawner, plain: Path) -> None:
    ending = await start(spawner, launch_of(str(plain))).ending()
    assert ending == NotStarted(errno.EACCES, os.strerror(errno.EACCES))
    await asyncio.to_thread(plain.chmod, 0o755)
    ending = await start(spawner, launch_of(str(plain))).ending()
    assert ending == NotStarted(errno.ENOEXEC, os.strerror(errno.ENOEXEC))


@pytest.mark.parametrize(
    "fields",
    [
        {"folder": "/nowhere"},
        {"user": "nobody-of-this-name"},
        {"resources": {"nothing": 1}},
        {"environment": {"A": "nul\0"}},
    ],
    ids=lambda fields: next(iter(fields)),
)
async def test_impossible_launch_is_not_started(spawner: ShimSpawner, fields: dict[str, object]) -> None:
    ending = await start(spawner, launch_of("/bin/true", **fields)).ending()
    assert isinstance(ending, NotStarted)
    assert ending.reason
    assert await start(spawner, launch_of("/bin/true")).ending() == Exited(0)


async def test_environment_is_exactly_what_was_given(
    spawner: ShimSpawner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOORWARD_CANARY", "leaked")
    heard = start(spawner, launch_of("/usr/bin/env", "-0", environment={"B": "2 é", "A": "\udcff"}))
    assert await heard.ending() == Exited(0)
    assert sorted(bytes(heard.out).split(b"\0")[:-1]) == [b"A=\xff", "B=2 é".encode()]


async def test_child_works_in_its_folder(spawner: ShimSpawner, tmp_path: Path) -> None:
    first = start(spawner, launch_of("/bin/pwd", folder=str(tmp_path)))
    await first.ending()
    second = start(spawner, launch_of("/bin/pwd"))
    await second.ending()
    assert (first.out.decode(), second.out.decode()) == (f"{tmp_path}\n", "/\n")


@pytest.mark.parametrize("fields", [{}, {"resources": {"core": 0}}], ids=["spawned", "forked"])
async def test_child_inherits_three_descriptors_and_no_more(
    spawner: ShimSpawner, fields: dict[str, object]
) -> None:
    others = [start(spawner, launch_of("/bin/sleep", "100")) for _ in range(3)]
    inheritable, end = os.pipe()
    os.set_inheritable(inheritable, True)  # as a listener given by systemd is
    heard = start(spawner, python_launch("import os; print(sorted(os.listdir('/proc/self/fd')))", **fields))
    await heard.ending()
    assert heard.out.decode() == "['0', '1', '2', '3']\n"  # 3 lists the folder itself
    os.close(inheritable)
    os.close(end)
    for other in others:
        assert other.child is not None
        other.child.stop()
        await other.ending()


@pytest.mark.parametrize("fields", [{}, {"resources": {"core": 0}}], ids=["spawned", "forked"])
async def test_child_leads_a_session_with_clean_signals_and_1024_descriptors(
    spawner: ShimSpawner, fields: dict[str, object]
) -> None:
    program = (
        "import os, resource\n"
        "status = dict(line.split(':\\t', 1) for line in open('/proc/self/status').read().splitlines())\n"
        "print(os.getsid(0) == os.getpgrp() == os.getpid(), status['SigBlk'], resource.getrlimit(7)[0])"
    )
    heard = start(spawner, python_launch(program, **fields))
    await heard.ending()
    assert heard.out.decode() == f"True {'0' * 16} 1024\n"
    listing = start(spawner, launch_of("/bin/grep", "SigIgn", "/proc/self/status", **fields))
    await listing.ending()
    ignored = int(listing.out.split()[1], 16)
    assert ignored & ~LIBRARY_SIGNALS == 0


async def test_resource_limits_hold_soft_and_hard(spawner: ShimSpawner) -> None:
    program = "import resource as r; print(r.getrlimit(r.RLIMIT_AS), r.getrlimit(r.RLIMIT_NOFILE))"
    limits = {"as": 300_000_000, "nofile": 50}
    heard = start(spawner, python_launch(program, resources=limits))
    await heard.ending()
    assert heard.out.decode() == "(300000000, 300000000) (50, 50)\n"


async def test_child_without_input_reads_an_empty_one(spawner: ShimSpawner) -> None:
    heard = start(spawner, launch_of("/bin/cat"))
    assert await heard.ending() == Exited(0)
    assert heard.out == b""


async def test_arguments_of_a_mebibyte_arrive(spawner: ShimSpawner) -> None:
    words = [str(i) * 15_000 for i in range(10, 45)]
    program = "import sys, hashlib; print(hashlib.sha256('\\0'.join(sys.argv[1:]).encode()).hexdigest())"
    heard = start(spawner, python_launch(program, *words))
    assert await heard.ending() == Exited(0)
    assert heard.out.decode().strip() == hashlib.sha256("\0".join(words).encode()).hexdigest()


async def test_too_many_arguments_are_the_systems_to_refuse(spawner: ShimSpawner) -> None:
    ending = await start(spawner, launch_of("/bin/true", *(["x" * 100_000] * 40))).ending()
    assert ending == NotStarted(errno.E2BIG, os.strerror(errno.E2BIG))


class TestWithTwoPlaces:
    @pytest.fixture
    def process_settings(self) -> ProcessSettings:
        return ProcessSettings(shims=2, warm_shims=1, idle_seconds=0.1)

    async def test_one_more_than_there_are_places_is_not_started(self, spawner: ShimSpawner) -> None:
        held = [start(spawner, launch_of("/bin/cat", takes_input=True)) for _ in range(2)]
        ending = await start(spawner, launch_of("/bin/true")).ending()
        assert isinstance(ending, NotStarted)
        assert ending.errno == errno.EAGAIN
        for heard in held:
            assert heard.child is not None
            heard.child.close_input()
            assert await heard.ending() == Exited(0)
        assert await start(spawner, launch_of("/bin/true")).ending() == Exited(0)


async def test_ending_is_told_after_spawn_has_returned(spawner: ShimSpawner) -> None:
    await spawner.close()
    heard = start(spawner, launch_of("/bin/true"))
    assert heard.endings == []
    assert await heard.ending() == NotStarted(errno.ESHUTDOWN, "the server is ending")


async def test_closing_stops_what_runs() -> None:
    spawner = ShimSpawner(asyncio.get_running_loop())
    held = [start(spawner, launch_of("/bin/sleep", "1000", environment=ENVIRONMENT)) for _ in range(40)]
    await spawner.close()
    endings = [await heard.ending() for heard in held]
    assert all(isinstance(ending, Signalled | NotStarted) for ending in endings)
    assert Signalled(15) in endings
