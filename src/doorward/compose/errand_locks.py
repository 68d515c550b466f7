"""One look of an errand at a time, over all processes."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from doorward.core.errors import StateError
from doorward.stores.locks import open_lock, try_lock, unlock


@asynccontextmanager
async def errand_lock(folder: Path, name: str) -> AsyncIterator[None]:
    """
    Hold the errand of this name, `feed.news`, until the context is left: two at once would tell it twice.

    Raises:
        StateError: another process is on it, or it cannot be locked.
    """
    taking = asyncio.get_running_loop().run_in_executor(None, _locked, folder / f"{name}.lock")
    try:
        descriptor = await asyncio.shield(taking)
    except asyncio.CancelledError:
        # its thread goes on, and what it takes nobody else would let go of
        taking.add_done_callback(_let_go)
        raise
    try:
        yield
    finally:
        unlock(descriptor)


def _let_go(taking: "asyncio.Future[int]") -> None:
    if not taking.cancelled() and taking.exception() is None:
        unlock(taking.result())


def _locked(path: Path) -> int:
    descriptor = open_lock(path)
    try:
        if try_lock(descriptor):
            return descriptor
    except OSError as error:
        os.close(descriptor)
        raise StateError(f"{path} cannot be locked: {error.strerror}") from error
    os.close(descriptor)
    raise StateError(f"{path} is held: another process is on this errand just now; try again later")
