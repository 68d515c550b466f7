"""The daemon's end of one shim."""

import marshal
import os
import socket
from contextlib import suppress
from typing import Protocol

from doorward.core.launch import Launch
from doorward.processes import shim


class ShimUser(Protocol):
    """Who has a shim at work for it."""

    def shim_reported(self, report: bytes) -> None:
        """Hear how the run ended, in the words of `shim`."""

    def shim_died(self) -> None:
        """Hear that the shim is dead; what it watched over is being killed."""

    def shim_gone(self) -> None:
        """Hear that the shim and all it watched over are dead, or that nobody is left to say so."""

    def shim_not_forked(self) -> None:
        """Hear that there never was a shim: the system has no process or descriptor for one."""


class ShimLink:
    """
    A shim, idle or at work.

    Attributes:
        number: names it to the nursery.
        socket: a packet is a message; non-blocking.
        user: whom it works for; None while idle.
        idle_at: on the loop's clock, since when it is idle.
        retiring: its nursery is dead, so that it takes no further run.
    """

    __slots__ = ("idle_at", "number", "retiring", "socket", "user")

    def __init__(self, number: int, peer: socket.socket) -> None:
        self.number = number
        self.socket = peer
        self.user: ShimUser | None = None
        self.idle_at = 0.0
        self.retiring = False

    def launch(self, launch: Launch, descriptors: list[int]) -> None:
        """
        Have the shim start `launch`; `descriptors` are its stdout, stderr, stdin if it takes input, secrets.

        Raises:
            OSError: the shim is dead, or a descriptor could not be sent; nothing was started.
            ValueError: what the launch holds is not text and numbers.
        """
        body = marshal.dumps(
            (
                launch.argv,
                dict(launch.environment),
                launch.folder,
                launch.user,
                dict(launch.resources),
                launch.takes_input,
                launch.grace_seconds,
                launch.unkillable_seconds,
            )
        )
        if len(body) < shim.MESSAGE_BYTES:
            socket.send_fds(self.socket, [shim.LAUNCH, body], descriptors)
            return
        carrier = file_of(body)
        try:
            socket.send_fds(self.socket, [shim.LAUNCH_IN_FILE], [carrier, *descriptors])
        finally:
            os.close(carrier)

    def stop(self) -> None:
        """Ask for the end of the run."""
        with suppress(OSError):  # a dead shim is noticed by its socket, a stuck one by the clock
            self.socket.send(shim.STOP)


def file_of(data: bytes) -> int:
    """
    The descriptor of a file without a name that holds `data`, at its beginning.

    Raises:
        OSError: no descriptors or no memory are left.

    Source: memfd_create(2)
    """
    descriptor = os.memfd_create("doorward")
    try:
        os.set_blocking(descriptor, False)  # memory never blocks; this says so to whoever watches for it
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        os.lseek(descriptor, 0, os.SEEK_SET)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
