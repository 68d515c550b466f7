"""The daemon's hold on the nursery: the one process it starts itself."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress

from doorward.processes import shim
from doorward.processes.readiness import Readiness

ALL_SIGNALS = [number for number in range(1, signal.NSIG) if number not in (9, 19, 32, 33)]
"""But KILL and STOP, and the two of the C library."""


class Nursery:
    """
    A nursery that runs, until `on_lost` is called or it is closed.

    Args:
        on_gone: told the number of a dead shim when all that it left behind is dead too.
        on_not_forked: told the number of a shim that could not be made.
        on_lost: called once when the nursery died; its shims and their runs go on.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(
        self,
        *,
        readiness: Readiness,
        on_gone: Callable[[int], None],
        on_not_forked: Callable[[int], None],
        on_lost: Callable[[], None],
    ) -> None:
        self._readiness = readiness
        self._on_told = {shim.GONE: on_gone, shim.NOT_FORKED: on_not_forked}
        self._on_lost = on_lost
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self.pid = execute_nursery(theirs.fileno())
        self._socket.setblocking(False)
        self._exit = os.pidfd_open(self.pid)
        readiness.watch(self._socket.fileno(), self._receive)

    def fork_shim(self, number: int) -> socket.socket:
        """
        The daemon's end of a new shim's socket; a launch may be sent on it at once.

        That the nursery could not fork it is told later.

        Raises:
            OSError: no descriptors are left, or the nursery is dead or overwhelmed.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with theirs:
                order = shim.NUMBER.pack(shim.FORK, number)
                socket.send_fds(self._socket, [order], [theirs.fileno()])
            ours.setblocking(False)
        except OSError:
            ours.close()
            raise
        return ours

    def kill_shim(self, number: int) -> None:
        """Kill a shim that does not answer; what it leaves is killed by the nursery."""
        with suppress(OSError):  # a dead nursery is noticed by its socket
            self._socket.send(shim.NUMBER.pack(shim.KILL, number))

    async def close(self, seconds: float) -> None:
        """Tell it to end with all its shims, and wait this long; it may take longer over the unkillable."""
        self._readiness.forget(self._socket.fileno())
        self._socket.close()
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        loop.add_reader(self._exit, ended.set)
        with suppress(TimeoutError):
            await asyncio.wait_for(ended.wait(), seconds)
        loop.remove_reader(self._exit)
        self._bury()

    def _receive(self) -> None:
        try:
            message = self._socket.recv(shim.NUMBER.size)
        except BlockingIOError:
            return
        except OSError:
            message = b""
        if message:
            what, number = shim.NUMBER.unpack(message)
            self._on_told[what](number)
            return
        self._readiness.forget(self._socket.fileno())
        self._socket.close()
        self._readiness.watch(self._exit, self._died)
        self._on_lost()

    def _died(self) -> None:
        self._readiness.forget(self._exit)
        self._bury()

    def _bury(self) -> None:
        """Reap it, if it is dead."""
        with suppress(ChildProcessError):  # somebody reaps every child of this process
            os.waitpid(self.pid, os.WNOHANG)
        os.close(self._exit)


def execute_nursery(descriptor: int) -> int:
    """The process id of a new nursery that has `descriptor` as its stdin and nothing else of ours."""
    library_path = os.environ.get("LD_LIBRARY_PATH")  # an interpreter may live by it; its children get none
    return os.posix_spawn(
        sys.executable,
        [sys.executable, "-I", "-S", "-X", "utf8", shim.__file__],
        {} if library_path is None else {"LD_LIBRARY_PATH": library_path},
        file_actions=[(os.POSIX_SPAWN_DUP2, descriptor, 0)],
        setsid=True,
        setsigmask=(),
        setsigdef=ALL_SIGNALS,
    )
