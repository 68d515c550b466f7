"""Starts children through shims."""

import asyncio
import errno
from collections import deque

from doorward.core.launch import Launch, NotStarted
from doorward.core.ports import Child, ChildEvents
from doorward.processes.child import ShimChild
from doorward.processes.pool import ShimPool
from doorward.processes.readiness import Readiness
from doorward.processes.settings import ProcessSettings


class ShimSpawner:
    """
    The `Spawner` of the daemon: it forks nothing itself but one small nursery, whose shims run the children.

    Belongs to the loop it was made on. When this process dies, even by KILL, the shims kill its children.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, settings: ProcessSettings | None = None) -> None:
        self.loop = loop
        self.settings = settings or ProcessSettings()
        self.readiness = Readiness(loop)
        self.pool = ShimPool(loop=loop, readiness=self.readiness, settings=self.settings)
        self._children: set[ShimChild] = set()
        self._waiting: deque[ShimChild] = deque()
        self._starting: set[ShimChild] = set()
        self._unread: list[ShimChild] = []
        self._settle_timer: asyncio.TimerHandle | None = None
        self._grow_timer: asyncio.TimerHandle | None = None
        self._grown: set[ShimChild] = set()
        self._closing = False
        self._all_ended: asyncio.Future[None] | None = None

    def warm_up(self) -> None:
        """
        Start the nursery and the warm shims, so that the first run need not wait for them.

        Raises:
            OSError: the nursery cannot be started.
        """
        self.pool.warm_up()

    def replace_most(self, most: int) -> None:
        """Let so many runs be at once from now on; those that are go on."""
        self.pool.most = most

    def spawn(self, launch: Launch, events: ChildEvents) -> Child:
        child = ShimChild(launch, events, self)
        if self._closing:
            self._end_soon(child, NotStarted(errno.ESHUTDOWN, "the server is ending"))
            return child
        try:
            child.prepare()
        except OSError as error:
            self._end_soon(child, not_started(error))
            return child
        self._children.add(child)
        if len(self._starting) < self.settings.starting:
            self._start(child)
        else:
            self._waiting.append(child)
        return child

    async def close(self) -> None:
        if self._closing:
            return
        self._closing = True
        for child in list(self._children):
            child.stop()
        if self._children:
            self._all_ended = self.loop.create_future()
            await self._all_ended
        for timer in (self._settle_timer, self._grow_timer):
            if timer is not None:
                timer.cancel()
        await self.pool.close()
        self.readiness.close()

    def withdraw(self, child: ShimChild) -> None:
        """Have a child that has not been started yet end without; nothing when it is over."""
        if child in self._waiting:
            self._waiting.remove(child)
            self._end_soon(child, NotStarted(errno.ECANCELED, "stopped before it was started"))

    def child_ended(self, child: ShimChild) -> None:
        """Forget a child, and let the next start."""
        self._children.discard(child)
        self._starting.discard(child)
        if self._waiting:
            self._start_waiting()
        if self._all_ended is not None and not self._children and not self._all_ended.done():
            self._all_ended.set_result(None)

    def _start_waiting(self) -> None:
        while self._waiting and len(self._starting) < self.settings.starting:
            self._start(self._waiting.popleft())

    def _start(self, child: ShimChild) -> None:
        try:
            child.start()
        except (OSError, ValueError) as error:
            self._end_soon(child, not_started(error))
            return
        self._starting.add(child)
        self._unread.append(child)
        if self._settle_timer is None:
            self._settle_timer = self.loop.call_later(self.settings.settle_seconds, self._settle)
        if self._grow_timer is None:
            self._grow_timer = self.loop.call_later(self.settings.starting_seconds, self._grow)

    def _end_soon(self, child: ShimChild, ending: NotStarted) -> None:
        self.loop.call_soon(child.end, ending)

    def _settle(self) -> None:
        """Most runs are over before this; the others' output is read as it comes."""
        self._settle_timer = None
        unread, self._unread = self._unread, []
        for child in unread:
            child.watch()

    def _grow(self) -> None:
        """Those who were starting at the last time as well no longer count as starting."""
        self._starting -= self._grown
        self._grown = set(self._starting)
        self._grow_timer = None
        self._start_waiting()
        if self._starting and self._grow_timer is None:
            self._grow_timer = self.loop.call_later(self.settings.starting_seconds, self._grow)


def not_started(error: OSError | ValueError) -> NotStarted:
    """The ending of a child that was never there."""
    if isinstance(error, OSError):
        return NotStarted(error.errno or 0, error.strerror or str(error))
    return NotStarted(errno.EINVAL, str(error))
