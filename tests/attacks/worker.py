"""Somebody who works while a daemon is attacked, and notices whether anything is different."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.doors.daemon import Daemon
from tests.doors.peers import GREETING, enter, receive_until

CALM = "127.0.0.2"
"""Another source than 127.0.0.1, where attacks come from."""


class Worker:
    """
    A peer of a door that keeps sessions, logged in where that is asked for.

    Attributes:
        slowest_seconds: how long the slowest answer took so far.
    """

    def __init__(self, daemon: Daemon, door: str, *, source: str = CALM) -> None:
        self.socket = enter(daemon, door, source=source)
        self.slowest_seconds = 0.0
        receive_until(self.socket, GREETING)

    def work(self, line: str = "echo still here") -> bytes:
        """Ask, and hear the answer to its end."""
        began_at = time.monotonic()
        self.socket.sendall(line.encode() + b"\n")
        heard = receive_until(self.socket, GREETING).removesuffix(GREETING)
        self.slowest_seconds = max(self.slowest_seconds, time.monotonic() - began_at)
        if line.startswith("echo "):
            assert heard == line.encode().removeprefix(b"echo ") + b"\n"
        return heard


@contextmanager
def at_work(daemon: Daemon, door: str, *, source: str = CALM) -> Iterator[Worker]:
    """One whose first `uptime` is answered already."""
    worker = Worker(daemon, door, source=source)
    with worker.socket:
        assert b"load average" in worker.work("uptime")
        worker.slowest_seconds = 0.0
        yield worker
