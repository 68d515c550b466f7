"""One descriptor on the loop for all pipes and sockets of the room."""

import asyncio
import select
from collections.abc import Callable

MOST_AT_ONCE = 256
"""How many ready descriptors are served before the loop sees to others."""


class Readiness:
    """
    Calls back when a descriptor can be read or written.

    An epoll of our own, itself watched by the loop: to watch a descriptor costs one system call and no handle
    of the loop, which for runs of a millisecond is what the loop would mostly be busy with.

    Source: epoll(7), "Q3: Is the epoll file descriptor itself poll/epoll/selectable? Yes."
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._epoll = select.epoll()
        self._callbacks: dict[int, Callable[[], object]] = {}
        loop.add_reader(self._epoll.fileno(), self._serve)

    def watch(self, descriptor: int, callback: Callable[[], object]) -> None:
        """Have `callback` called whenever `descriptor` can be read, or has ended."""
        self._callbacks[descriptor] = callback
        self._epoll.register(descriptor, select.EPOLLIN)

    def watch_writable(self, descriptor: int, callback: Callable[[], object]) -> None:
        """Have `callback` called whenever `descriptor` can be written, or nobody reads it any more."""
        self._callbacks[descriptor] = callback
        self._epoll.register(descriptor, select.EPOLLOUT)

    def forget(self, descriptor: int) -> None:
        """Watch no longer; comes before the descriptor is closed."""
        if self._callbacks.pop(descriptor, None) is not None:
            self._epoll.unregister(descriptor)

    def close(self) -> None:
        """Let go of the loop."""
        self._loop.remove_reader(self._epoll.fileno())
        self._epoll.close()

    def _serve(self) -> None:
        for descriptor, _ in self._epoll.poll(0, MOST_AT_ONCE):
            callback = self._callbacks.get(descriptor)
            if callback is not None:
                callback()
