"""One folder served on the test's own loop, where a blocking call fails the test, and clients for it."""

import asyncio
import os
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from doorward.core.limits import Limits
from doorward.core.mounts import Mount
from doorward.doors.web.files.alone import Asked, FilesDoor, OneLogin, meeting_files
from doorward.doors.web.files.handler import Files
from doorward.doors.web.files.media_types import MediaTypes
from doorward.doors.web.files.way import Way
from doorward.gate.gate import Gate
from doorward.gate.listeners import listen_tcp
from doorward.service.threads import Threads
from doorward.stores.clock import SystemClock
from doorward.testing.audit import MemoryAuditLog

END_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    fields: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Server:
    """A folder that is served."""

    port: int
    files: Files
    gate: Gate
    scheme: str = "http"

    def url(self, path: str) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}{path}"

    async def curl(self, path: str, *options: str) -> Answer:
        """Have curl ask for `path` as it is."""
        argv = ["curl", "-sk", "--path-as-is", "--max-time", "20", "-gi", *options, self.url(path)]
        done = await asyncio.to_thread(subprocess.run, argv, check=True, capture_output=True)
        return parsed(done.stdout)

    async def say(self, request: bytes) -> bytes:
        """All that is answered to `request`, after which the connection ends."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(request)
            return await asyncio.wait_for(reader.read(), 20)
        finally:
            writer.close()

    async def get(self, path: str, **fields: str) -> Answer:
        """Ask for a path whose octets no client would send."""
        head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items())
        request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{head}\r\n"
        return parsed(await self.say(request.encode("utf-8", "surrogateescape")))


def parsed(data: bytes) -> Answer:
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    fields = dict(line.split(": ", 1) for line in lines)
    return Answer(int(first.split()[1]), fields, body)


async def held_open(root: Path) -> tuple[int, int]:
    """How many files below `root`, and how many sockets, this process holds open."""

    def look() -> tuple[int, int]:
        found = []
        for each in os.listdir("/proc/self/fd"):
            with suppress(FileNotFoundError):  # the listing's own
                found.append(os.readlink(f"/proc/self/fd/{each}"))
        files = sum(link.startswith(str(root)) for link in found)
        return files, sum(link.startswith("socket:") for link in found)

    return await asyncio.to_thread(look)


@asynccontextmanager
async def serving(
    root: Path,
    *,
    limits: Limits | None = None,
    login: OneLogin | None = None,
    context: ssl.SSLContext | None = None,
    on_asked: Callable[[Asked], None] | None = None,
    **mount: Any,
) -> AsyncIterator[Server]:
    """Serve `root` on a free port."""
    limits = limits or Limits()
    clock = SystemClock(asyncio.get_running_loop())
    threads = Threads(8, name="asyncio_files")
    way = Way(threads, clock, limits.stalled_write_seconds)
    described: dict[str, Any] = {"path": "", "is_public": True, "is_trusted": True, **mount}
    files = Files(Mount(root=str(root), **described), way=way, types=MediaTypes())
    gate = Gate(limits, clock, audit=MemoryAuditLog(), most=500, chance=lambda: 1.0)
    door = FilesDoor(
        files=files, limits=limits, clock=clock, gate=gate, login=login, context=context, on_asked=on_asked
    )
    listener = listen_tcp("files", "127.0.0.1:0", only_loopback=True)
    port = listener.socket.getsockname()[1]
    await gate.open(listener, meeting_files(door))
    try:
        yield Server(port, files, gate, "http" if context is None else "https")
    finally:
        await gate.drain(END_SECONDS)
        gate.close()
        files.close()
        threads.close()
        listener.socket.close()
