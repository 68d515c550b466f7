"""Starts children through shims."""

import asyncio
import errno

from doorward.core.launch import Launch, NotStarted
from doorward.core.ports import Child, ChildEvents
from doorward.processes.child import ShimChild
from doorward.processes.pool import ShimPool
from doorward.processes.readiness import Readiness
from doorward.processes.settings import ProcessSettings


class ShimSpawner:
    """
    The `Spawner` of the daemon: it forks nothing itself but one small nursery, whose shims run the children.

    Belongs to the loop it was made on. Runs of a process that dies, even by KILL, are killed by their shims.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, settings: ProcessSettings | None = None) -> None:
        self.loop = loop
        self.settings = settings or ProcessSettings()
        self.readiness = Readiness(loop)
        self.pool = ShimPool(loop=loop, readiness=self.readiness, settings=self.settings)
        self._children: set[ShimChild] = set()
        self._young: list[ShimChild] = []
        self._settle_timer: asyncio.TimerHandle | None = None
        self._closing = False
        self._all_ended: asyncio.Future[None] | None = None

    def warm_up(self) -> None:
        """
        Start the nursery and the warm shims, so that the first run need not wait for them.

        Raises:
            OSError: the nursery cannot be started.
        """
        self.pool.warm_up()

    def spawn(self, launch: Launch, events: ChildEvents) -> Child:
        child = ShimChild(launch, events, self)
        self._children.add(child)
        try:
            if self._closing:
                raise OSError(errno.ESHUTDOWN, "the server is ending")
            child.start()
        except (OSError, ValueError) as error:
            self.loop.call_soon(child.end, not_started(error))
            return child
        self._young.append(child)
        if self._settle_timer is None:
            self._settle_timer = self.loop.call_later(self.settings.settle_seconds, self._settle)
        return child

    async def close(self) -> None:
        self._closing = True
        for child in list(self._children):
            child.stop()
        if self._children:
            self._all_ended = self.loop.create_future()
            await self._all_ended
        if self._settle_timer is not None:
            self._settle_timer.cancel()
        await self.pool.close()
        self.readiness.close()

    def child_ended(self, child: ShimChild) -> None:
        """Forget a child."""
        self._children.discard(child)
        if self._all_ended is not None and not self._children and not self._all_ended.done():
            self._all_ended.set_result(None)

    def _settle(self) -> None:
        """Most runs are over before this; the others' output is read as it comes."""
        self._settle_timer = None
        young, self._young = self._young, []
        for child in young:
            child.watch()


def not_started(error: OSError | ValueError) -> NotStarted:
    """The ending of a child that was never there."""
    if isinstance(error, OSError):
        return NotStarted(error.errno or 0, error.strerror or str(error))
    return NotStarted(errno.EINVAL, str(error))
