"""The connection of a run, and the list that all is decided by: both tried again where that may help."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from typing import TypeVar

from doorward.core.backup_store import BackupPlace, BackupStore, StoreError, Trouble
from doorward.core.backups import backup_of, is_ours, name_of_partial
from doorward.errands.backups.patience import Patience
from doorward.errands.backups.planning import There
from doorward.errands.backups.report import names_told
from doorward.errands.backups.watching import Watcher

T = TypeVar("T")


class Again:
    """
    Tries something again, with longer and longer pauses, while its trouble is one that passes.

    Args:
        patience: how often.
        watcher: told of each pause.
    """

    def __init__(self, patience: Patience, watcher: Watcher) -> None:
        self._patience = patience
        self._watcher = watcher

    async def until_done(self, act: Callable[[], Awaitable[T]]) -> T:
        """
        What `act` gives.

        Raises:
            StoreError: it did not pass.
        """
        tries = 0
        while True:
            try:
                return await act()
            except StoreError as error:
                tries += 1
                if not self._patience.is_left(error, tries):
                    raise
                tell = partial(self._watcher.paused, error.address, error.problem)
                await self._patience.pause(tries, tell)


@asynccontextmanager
async def connected(store: BackupStore, again: Again) -> AsyncIterator[BackupPlace]:
    """
    A place that is connected to.

    Raises:
        StoreError: it cannot be.
    """
    async with AsyncExitStack() as stack:
        yield await again.until_done(lambda: stack.enter_async_context(store.connect()))


async def listed(place: BackupPlace, names: Collection[str], again: Again) -> There:
    """
    All backups there of these names; of any, where there are none.

    Raises:
        StoreError: they cannot be listed, or not all of them: some servers keep hidden names to themselves.
    """
    wanted = frozenset(names)
    listing = await again.until_done(lambda: place.listing(lambda file: is_ours(file, wanted)))
    hidden = sorted(name for name in wanted if name.startswith("."))
    if hidden and not listing.has_hidden:
        problem = "the server lists no names that begin with a dot, so that nobody knows what is there of it"
        step = "Give its backups another name."
        raise StoreError(hidden[0], "read", problem, step, trouble=Trouble.PERMANENT)
    backups, parts = [], {}
    for file in listing.files.values():
        if not is_ours(file.name, wanted):
            continue
        if (backup := backup_of(file.name, file.size_bytes)) is not None:
            backups.append(backup)
        else:
            parts[file.name] = file.size_bytes
    return There(tuple(backups), parts, listing.passed_over)


async def parts_of_others(place: BackupPlace, names: Collection[str]) -> list[str]:
    """
    Lines about parts there of other names than these, which no run of these clears: there is no room.

    None where they cannot be listed.
    """
    parts: dict[str, int] = {}
    no_others = {None, *names}
    with suppress(StoreError):
        listing = await place.listing(lambda file: name_of_partial(file) not in no_others)
        parts = {file.name: file.size_bytes for file in listing.files.values()}
    largest = sorted(parts, key=lambda name: -parts[name])
    about = "is a part of another name, and takes room there: carry that name, or remove it"
    sizes = f" ({sum(parts.values())} bytes in all)" if parts else ""
    return names_told(largest, f"{about}{sizes}")
