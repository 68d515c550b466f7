"""Output to descriptors that may be slow, on a loop that goes on meanwhile."""

import asyncio
import errno
import os
import select

from doorward.clients._asking import PIPE_BYTES, OutputLeft
from doorward.clients._ready import until_writable

_LEFT = select.POLLHUP | select.POLLERR


class Output:
    """
    Writes to descriptors, and notices when whoever reads them has left.

    They may be shared with other programs, so they are left as they are: blocking.

    Attributes:
        is_writing: one is waited for.
    """

    def __init__(self) -> None:
        self.is_writing = False
        self._watched: set[int] = set()
        self._left = asyncio.get_running_loop().create_future()

    def close(self) -> None:
        """Watch nothing any more."""
        loop = asyncio.get_running_loop()
        for descriptor in self._watched:
            loop.remove_reader(descriptor)
        self._watched.clear()
        self._left.cancel()

    async def reader_left(self) -> None:
        """
        Wait until whoever read what was written has left.

        Raises:
            OutputLeft: that happened.
        """
        await self._left
        raise OutputLeft(errno.EPIPE, os.strerror(errno.EPIPE))

    async def write(self, descriptor: int, data: bytes) -> None:
        """
        Write all of `data`, as soon as `descriptor` takes it.

        Raises:
            OSError: it takes no more, as a BrokenPipeError when its reader has left.
        """
        rest = memoryview(data)
        self.is_writing = True
        while rest:
            if _is_writable(descriptor):
                rest = rest[_write_some(descriptor, rest) :]
            else:
                await until_writable(descriptor)
        self.is_writing = False
        self._watch(descriptor)

    def _watch(self, descriptor: int) -> None:
        if descriptor in self._watched:
            return
        try:
            asyncio.get_running_loop().add_reader(descriptor, self._look, descriptor)
        except PermissionError:
            return  # a regular file, which nobody leaves: epoll_ctl(2)
        self._watched.add(descriptor)

    def _look(self, descriptor: int) -> None:
        if _polled(descriptor, 0) & _LEFT and not self._left.done():
            self._left.set_result(None)
        # or a terminal or a socket has something to read, which is not for us and would be told for ever
        asyncio.get_running_loop().remove_reader(descriptor)


def _is_writable(descriptor: int) -> bool:
    return bool(_polled(descriptor, select.POLLOUT))


def _polled(descriptor: int, events: int) -> int:
    poll = select.poll()
    poll.register(descriptor, events)
    return next((flags for _, flags in poll.poll(0)), 0)


def _write_some(descriptor: int, data: memoryview) -> int:
    # a pipe that poll(2) calls writable takes this much without blocking
    try:
        return os.write(descriptor, data[:PIPE_BYTES])
    except BlockingIOError:
        return 0  # somebody else, who shares it, was quicker
