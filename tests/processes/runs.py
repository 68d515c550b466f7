"""Children started for a test, and what they told."""

import asyncio
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from doorward.core.launch import Ending, Launch, Stream, Unkillable
from doorward.core.ports import Child
from doorward.processes.spawner import ShimSpawner

BOUND_SECONDS = 20.0
"""However busy the machine is, what is waited for comes within this."""
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}


class Heard:
    """`ChildEvents` that keeps everything, up to as many bytes as it wants."""

    def __init__(self, wanted_bytes: int = 1 << 30) -> None:
        self.out = bytearray()
        self.err = bytearray()
        self.endings: list[Ending] = []
        self.is_gone = False
        self.child: Child | None = None
        self._wanted_bytes = wanted_bytes
        self._changed = asyncio.Event()

    def output_received(self, stream: Stream, data: bytes) -> bool:
        assert not self.endings
        assert data
        (self.out if stream is Stream.OUT else self.err).extend(data)
        self._changed.set()
        return len(self.out) + len(self.err) < self._wanted_bytes

    def ended(self, ending: Ending) -> None:
        self.endings.append(ending)
        self._changed.set()

    def gone(self) -> None:
        assert self.endings == [Unkillable()]
        assert not self.is_gone
        self.is_gone = True
        self._changed.set()

    async def until(self, holds: Callable[[], object]) -> None:
        """Wait until something heard makes `holds` true."""
        async with asyncio.timeout(BOUND_SECONDS):
            while not holds():
                self._changed.clear()
                await self._changed.wait()

    async def ending(self) -> Ending:
        await self.until(lambda: self.endings)
        assert len(self.endings) == 1
        return self.endings[0]

    async def line(self) -> str:
        """The first line of stdout."""
        await self.until(lambda: b"\n" in self.out)
        return self.out.partition(b"\n")[0].decode()


def launch_of(*argv: str, **fields: object) -> Launch:
    values: dict[str, object] = {"environment": ENVIRONMENT, "grace_seconds": 0.3, **fields}
    return Launch(argv=argv, **values)  # type: ignore[arg-type]


def python_launch(program: str, *words: str, **fields: object) -> Launch:
    """This interpreter, without site, on a short program."""
    return launch_of(sys.executable, "-I", "-S", "-c", program, *words, **fields)


def start(spawner: ShimSpawner, launch: Launch, *, wanted_bytes: int = 1 << 30) -> Heard:
    heard = Heard(wanted_bytes)
    heard.child = spawner.spawn(launch, heard)
    return heard


def is_alive(pid: int) -> bool:
    """Whether a process runs: a zombie does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(") ")[2][0] not in "ZX"


async def until(holds: Callable[[], object]) -> None:
    """Look every few milliseconds at what no event tells, such as another process's death."""
    async with asyncio.timeout(BOUND_SECONDS):
        while not await asyncio.to_thread(holds):  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.005)


def processes_below(pid: int) -> set[int]:
    """Every process that descends from `pid`."""
    found: set[int] = set()
    fresh = {pid}
    while fresh:
        fresh = {child for parent in fresh for child in children_of(parent)} - found
        found |= fresh
    return found


def children_of(pid: int) -> Iterable[int]:
    try:
        tasks = os.listdir(f"/proc/{pid}/task")
        return [
            int(word)
            for task in tasks
            for word in Path(f"/proc/{pid}/task/{task}/children").read_text(encoding="utf-8").split()
        ]
    except (FileNotFoundError, ProcessLookupError):
        return []


def nursery_pid(spawner: ShimSpawner) -> int:
    nursery = spawner.pool._nursery
    assert nursery is not None
    return nursery.pid


def shims(spawner: ShimSpawner) -> list[int]:
    return list(children_of(nursery_pid(spawner)))
