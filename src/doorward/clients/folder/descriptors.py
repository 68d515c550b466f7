"""A descriptor that threads work with, which is not closed under their hands."""

import asyncio
import os
from collections.abc import Callable
from functools import partial
from typing import Any, ParamSpec, TypeVar

from doorward.clients.folder.telling import told

_P = ParamSpec("_P")
_R = TypeVar("_R")


class Descriptor:
    """
    A descriptor of a file or a folder, for calls that wait for a disk.

    Whoever waits for a call can be cancelled and the thread cannot: were the descriptor closed meanwhile, its
    number could be another file's by the time that the thread writes.

    Args:
        number: of it; this owns it from now on.
        address: of the place, for errors.
    """

    def __init__(self, number: int, address: str) -> None:
        self.number = number
        self._address = address
        self._is_closed = False
        self._calls: set[asyncio.Future[Any]] = set()

    async def call(self, phase: str, function: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
        """Call `function` in a thread; raises StoreError for an OSError of it."""
        with told(self._address, phase):
            return await asyncio.shield(self._begun(partial(function, *args, **kwargs)))

    async def opened(self, phase: str, opener: Callable[[], int]) -> "Descriptor":
        """As `opened`, for what is opened in this folder."""
        return await _opened(self._address, phase, self._begun(opener))

    def _begun(self, function: Callable[[], _R]) -> "asyncio.Future[_R]":
        call = asyncio.get_running_loop().run_in_executor(None, function)
        self._calls.add(call)
        call.add_done_callback(self._over)
        return call

    def close(self) -> None:
        """Close it, once the last call is over; idempotent."""
        if not self._is_closed:
            self._is_closed = True
            self._close_unless_busy()

    def _over(self, call: "asyncio.Future[Any]") -> None:
        self._calls.discard(call)
        if not call.cancelled():
            call.exception()  # nobody may be left who asks
        if self._is_closed:
            self._close_unless_busy()

    def _close_unless_busy(self) -> None:
        if not self._calls:
            os.close(self.number)


async def opened(address: str, phase: str, opener: Callable[[], int]) -> Descriptor:
    """
    Have `opener` open something in a thread; whoever is cancelled meanwhile leaves nothing open.

    Args:
        address: of the place, for errors.
        phase: likewise.
        opener: gives the number of a descriptor, which may take as long as a disk is away.

    Raises:
        StoreError: an OSError of it, or one that it raises itself.
    """
    return await _opened(address, phase, asyncio.get_running_loop().run_in_executor(None, opener))


async def _opened(address: str, phase: str, opening: "asyncio.Future[int]") -> Descriptor:
    try:
        with told(address, phase):
            return Descriptor(await asyncio.shield(opening), address)
    except asyncio.CancelledError:
        opening.add_done_callback(_close_opened)
        raise


def _close_opened(opening: "asyncio.Future[int]") -> None:
    if not opening.cancelled() and opening.exception() is None:
        os.close(opening.result())
