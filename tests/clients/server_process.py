"""A server of others as a process, with all that it starts: killed whole or in part, and started again."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.plugins.leftovers import children_of

OPEN_SECONDS = 30.0
_LOOK_SECONDS = 0.02


class ServerProcess:
    """
    A server that runs.

    Args:
        words: its argument vector; it stays in the foreground.
        output: the file that has what it prints.
        is_open: whether it can be connected to.
        environment: beside what the tests themselves have.
    """

    def __init__(
        self,
        words: Sequence[str],
        *,
        output: Path,
        is_open: Callable[[], bool],
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._words = words
        self._output = output
        self._is_open = is_open
        self._environment = {**os.environ, **(environment or {})}
        self._process = self._begun()

    @property
    def process_id(self) -> int:
        """Of the one that listens."""
        return self._process.pid

    def start_again(self) -> None:
        """Start it with the same words, once it was killed, and wait until it can be connected to."""
        self._process = self._begun()

    def kill(self) -> None:
        """Kill it with all its sessions, as a machine that loses its power does."""
        # while it stands still, it starts nothing that would not be seen
        os.kill(self.process_id, signal.SIGSTOP)
        self.kill_sessions()
        self._process.kill()
        self._process.wait(timeout=OPEN_SECONDS)

    def kill_sessions(self) -> None:
        """Kill what it started for its sessions, and not the one that listens."""
        killed = self.sessions()
        for pid in killed:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        # until then a port may be theirs
        deadline = time.monotonic() + OPEN_SECONDS
        while not all(map(_has_ended, killed)):
            assert time.monotonic() < deadline
            time.sleep(_LOOK_SECONDS)

    def sessions(self) -> list[int]:
        """The processes that it started, and those that they did."""
        found: list[int] = []
        waiting = [self.process_id]
        while waiting:
            try:
                children = children_of(waiting.pop())
            except FileNotFoundError:
                continue
            found += children
            waiting += children
        return found

    def end(self) -> None:
        """End it in the usual way, if it runs."""
        if self._process.poll() is None:
            self._process.terminate()
        self._process.wait(timeout=OPEN_SECONDS)

    def _begun(self) -> "subprocess.Popen[bytes]":
        with self._output.open("wb") as output:
            process = subprocess.Popen(self._words, stdout=output, stderr=output, env=self._environment)
        deadline = time.monotonic() + OPEN_SECONDS
        while not self._is_open():
            if process.poll() is not None or time.monotonic() > deadline:
                process.kill()
                process.wait()
                raise AssertionError(self._output.read_text())
            time.sleep(_LOOK_SECONDS)
        return process


def _has_ended(pid: int) -> bool:
    """Whether it is gone, or waits only for somebody to hear that."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].startswith("Z")
    except (FileNotFoundError, ProcessLookupError):
        return True
