"""A child process as two descriptors to wait for: what it writes, and its end."""

import contextlib
import os
import signal
import subprocess

from doorward.core.launch import Launch

READ_BYTES = 64 * 1024
"""A pipe of Linux holds no more."""


class Child:
    """
    A child that runs in a session of its own, its two outputs in one pipe.

    Attributes:
        output: a descriptor that never blocks, readable when the child wrote or all writers are gone.
        end: a descriptor that is readable once the child has ended: pidfd_open(2).
    """

    __slots__ = ("_process", "end", "output")

    def __init__(self, launch: Launch) -> None:
        """
        Start it.

        Raises:
            OSError: there is no child.
        """
        self._process = subprocess.Popen(
            launch.argv,
            env=launch.environment,
            cwd=launch.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            bufsize=0,
        )
        try:
            self.end = os.pidfd_open(self._process.pid)
        except OSError:
            self.kill()
            self._process.communicate()
            raise
        if self._process.stdout is None:
            raise AssertionError("a pipe was asked for")
        self.output = self._process.stdout.fileno()
        os.set_blocking(self.output, False)

    def read(self) -> bytes | None:
        """What it wrote, at most `READ_BYTES`; empty at its end, None for nothing yet."""
        try:
            return os.read(self.output, READ_BYTES)
        except BlockingIOError:
            return None

    def has_ended(self) -> bool:
        """Whether it has ended; it is not waited for."""
        return os.waitid(os.P_PIDFD, self.end, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def kill(self) -> None:
        """Kill it and what it started in its session; the daemon would ask it first."""
        with contextlib.suppress(ProcessLookupError):
            # it was not waited for: nobody else can have its number
            os.killpg(self._process.pid, signal.SIGKILL)

    def finish(self) -> int:
        """End it if it has not ended, wait for it, close its descriptors; its status, or minus a signal."""
        self.kill()
        status = self._process.wait()
        os.close(self.end)
        if self._process.stdout is not None:
            self._process.stdout.close()
        return status
