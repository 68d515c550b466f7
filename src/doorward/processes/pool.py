"""The shims there are: made when needed, kept warm, let go when idle, given up when stuck."""

import asyncio
import errno
import itertools
from collections.abc import Callable
from functools import partial

from doorward.processes import shim
from doorward.processes.link import ShimLink
from doorward.processes.nursery import Nursery
from doorward.processes.readiness import Readiness
from doorward.processes.settings import ProcessSettings


class ShimPool:
    """
    Shims for as many runs at once as the settings allow.

    The nursery is started with the first shim, and anew with the next after it died; shims of a dead one
    finish their run and go.

    Attributes:
        most: runs at once; one more is not started. Those that are above it when it is made smaller go on.
    """

    def __init__(
        self, *, loop: asyncio.AbstractEventLoop, readiness: Readiness, settings: ProcessSettings
    ) -> None:
        self._loop = loop
        self._readiness = readiness
        self._settings = settings
        self.most = settings.shims
        self._nursery: Nursery | None = None
        self._numbers = itertools.count(1)
        self._links: dict[int, ShimLink] = {}
        self._idle: list[ShimLink] = []
        self._doomed: dict[int, ShimLink] = {}
        self._abandoned: dict[int, Callable[[], None]] = {}
        self._trim_timer: asyncio.TimerHandle | None = None

    def warm_up(self) -> None:
        """
        Start the nursery and the warm shims.

        Raises:
            OSError: the nursery cannot be started.
        """
        while len(self._idle) < min(self._settings.warm_shims, self.most):
            self._shelve(self._make())

    def take(self) -> ShimLink:
        """
        An idle shim, the one used last, or a new one.

        Raises:
            OSError: all are at work (EAGAIN), or none can be made.
        """
        if self._idle:
            return self._idle.pop()
        if len(self._links) >= self.most:
            raise OSError(errno.EAGAIN, f"all {self.most} places for children are taken")
        return self._make()

    def give_back(self, link: ShimLink) -> None:
        """Take a shim that has told of its run's end, or was never used."""
        link.user = None
        if link.retiring or link.number not in self._links:
            self._drop(link)
        else:
            self._shelve(link)

    def abandon(self, link: ShimLink, *, kill: bool, on_gone: Callable[[], None]) -> None:
        """
        Let go of a shim that has something unkillable; `kill` one that does not answer either.

        `on_gone` is called later, when nothing is left of them or nobody is left to say so.
        """
        link.user = None
        self._drop(link)
        self._doomed.pop(link.number, None)
        if link.retiring or self._nursery is None:
            self._loop.call_soon(on_gone)
            return
        self._abandoned[link.number] = on_gone
        if kill:
            self._nursery.kill_shim(link.number)

    async def close(self) -> None:
        """End every shim and the nursery."""
        if self._trim_timer is not None:
            self._trim_timer.cancel()
        self._idle.clear()
        for link in list(self._links.values()):
            self._drop(link)
        if self._nursery is not None:
            nursery, self._nursery = self._nursery, None
            await nursery.close(self._settings.close_seconds)

    def _make(self) -> ShimLink:
        if self._nursery is None:
            self._nursery = Nursery(
                readiness=self._readiness,
                on_gone=self._shim_gone,
                on_not_forked=self._shim_not_forked,
                on_lost=self._nursery_lost,
            )
        number = next(self._numbers) & 0xFFFFFFFF
        link = ShimLink(number, self._nursery.fork_shim(number))
        self._links[number] = link
        self._readiness.watch(link.socket.fileno(), partial(self._receive, link))
        return link

    def _receive(self, link: ShimLink) -> None:
        try:
            message = link.socket.recv(shim.MESSAGE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            message = b""
        if not message:
            self._shim_died(link)
        elif link.user is not None:
            link.user.shim_reported(message)

    def _shim_died(self, link: ShimLink) -> None:
        self._drop(link)
        if link in self._idle:
            self._idle.remove(link)
        if link.user is None:
            return
        link.user.shim_died()
        if link.retiring or self._nursery is None:
            link.user.shim_gone()
        else:
            self._doomed[link.number] = link

    def _shim_gone(self, number: int) -> None:
        link = self._links.get(number)
        if link is not None:
            self._receive(link)  # what it said last
            if number in self._links:
                self._shim_died(link)
        doomed = self._doomed.pop(number, None)
        if doomed is not None and doomed.user is not None:
            doomed.user.shim_gone()
        on_gone = self._abandoned.pop(number, None)
        if on_gone is not None:
            on_gone()

    def _shim_not_forked(self, number: int) -> None:
        # its socket ends as a dead shim's does, which may be heard before or after this
        link = self._links.get(number) or self._doomed.pop(number, None)
        if link is None:
            return
        self._drop(link)
        if link in self._idle:
            self._idle.remove(link)
        if link.user is not None:
            link.user.shim_not_forked()

    def _nursery_lost(self) -> None:
        self._nursery = None
        for link in self._links.values():
            link.retiring = True
        while self._idle:
            self._drop(self._idle.pop())
        doomed = list(self._doomed.values())
        self._doomed.clear()
        for link in doomed:
            if link.user is not None:
                link.user.shim_gone()
        abandoned = list(self._abandoned.values())
        self._abandoned.clear()
        for on_gone in abandoned:
            on_gone()

    def _drop(self, link: ShimLink) -> None:
        """Close our end: the shim kills what it has, if anything, and exits."""
        if self._links.pop(link.number, None) is not None:
            self._readiness.forget(link.socket.fileno())
            link.socket.close()

    def _shelve(self, link: ShimLink) -> None:
        link.idle_at = self._loop.time()
        self._idle.append(link)
        if self._trim_timer is None and len(self._idle) > self._settings.warm_shims:
            self._trim_timer = self._loop.call_later(self._settings.idle_seconds, self._trim)

    def _trim(self) -> None:
        """Let go of shims idle for long; the last used are at the end of the list."""
        self._trim_timer = None
        since = self._loop.time() - self._settings.idle_seconds
        while len(self._idle) > self._settings.warm_shims and self._idle[0].idle_at <= since:
            self._drop(self._idle.pop(0))
        if len(self._idle) > self._settings.warm_shims:
            self._trim_timer = self._loop.call_later(self._settings.idle_seconds, self._trim)
