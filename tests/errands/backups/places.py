"""Backups to carry: numbered files in a folder, a store in memory, and runs that wait for nobody."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from doorward.core.backup_errands import AT_ONCE, RETRIES, Check
from doorward.core.backup_source import Found, OpenBackup, Source
from doorward.core.backup_store import BackupStore
from doorward.core.backups import Backup
from doorward.errands.backups.checking import Checking
from doorward.errands.backups.pace import Pace
from doorward.errands.backups.patience import Patience
from doorward.errands.backups.planning import Wish
from doorward.errands.backups.probing import Probing
from doorward.errands.backups.reaching import Again
from doorward.errands.backups.removing import Removing
from doorward.errands.backups.report import Report
from doorward.errands.backups.run import BackupRun
from doorward.errands.backups.sending import Sending
from doorward.errands.backups.watching import Nobody, Watcher
from doorward.stores.backup_folder import BackupFolder


def content_of(file: str, *, size_bytes: int = 1000) -> bytes:
    """Content that is another one for each file."""
    return (f"the content of {file}\n".encode() * size_bytes)[:size_bytes]


def fill(folder: Path, *files: str, size_bytes: int = 1000) -> None:
    """Put backups of these names into a folder."""
    for file in files:
        (folder / file).write_bytes(content_of(file, size_bytes=size_bytes))


def contents(*files: str, size_bytes: int = 1000) -> dict[str, bytes]:
    """What `fill` puts into the files of these names."""
    return {file: content_of(file, size_bytes=size_bytes) for file in files}


async def no_time(_seconds: float) -> None:
    """Let nobody wait."""


def quick_patience(retries: int = RETRIES) -> Patience:
    """Tries again at once."""
    return Patience(chance=lambda: 0.0, retries=retries, sleep=no_time)


def run_of(
    folder: Path | str,
    store: BackupStore,
    wish: Wish,
    *,
    check: Check = Check.SIZE,
    retries: int = RETRIES,
    at_once: int = AT_ONCE,
    watcher: Watcher | None = None,
    change: Callable[[int], object] | None = None,
    patience: Patience | None = None,
    is_in_small_pieces: bool = False,
) -> BackupRun:
    """A run whose pauses take no time; `change` is called as `Changing` says."""
    source: Source = BackupFolder(Path(folder))
    if change is not None:
        source = Changing(source, change)
    watcher = watcher or Nobody()
    patience = patience or quick_patience(retries)
    # nobody waits for the pace: it says how much is read at once
    pace = Pace(int(is_in_small_pieces), monotonic=lambda: 0.0, sleep=no_time)
    again = Again(patience, watcher)
    checking = Checking(store, source, pace=pace, watcher=Nobody(), again=again, only_sizes=False)
    return BackupRun(
        source=source,
        store=store,
        wish=wish,
        sending=Sending(
            source,
            check=check,
            pace=pace,
            watcher=watcher,
            patience=patience,
        ),
        removing=Removing(
            source,
            wish,
            probing=Probing(source, lambda: 7),
            again=again,
            checking=checking if check is Check.HASH else None,
        ),
        again=again,
        watcher=watcher,
        monotonic=lambda: 0.0,
        at_once=at_once,
    )


def pushed(run: BackupRun) -> Report:
    """What came of a run, in a loop of its own: the files around it are made and looked at without one."""
    return asyncio.run(run.push())


class Changing:
    """
    A `Source` in which something happens to a file behind its first piece.

    Args:
        source: the real one.
        change: called in a thread before each further piece, with where it begins.
    """

    def __init__(self, source: Source, change: Callable[[int], object]) -> None:
        self._source = source
        self._change = change

    @property
    def path(self) -> str:
        """See `Source`."""
        return self._source.path

    async def found(self, names: Collection[str]) -> Found:
        """See `Source`."""
        return await self._source.found(names)

    async def has(self, name: str) -> bool:
        """See `Source`."""
        return await self._source.has(name)

    @asynccontextmanager
    async def open(self, backup: Backup) -> AsyncIterator[OpenBackup]:
        """See `Source`."""
        async with self._source.open(backup) as opened:
            yield _ChangingFile(opened, self._change)


class _ChangingFile:
    def __init__(self, opened: OpenBackup, change: Callable[[int], object]) -> None:
        self._opened = opened
        self._change = change

    async def read(self, offset: int, most_bytes: int) -> bytes:
        if offset:
            await asyncio.to_thread(self._change, offset)
        return await self._opened.read(offset, most_bytes)

    async def check(self) -> None:
        await self._opened.check()


def told(report: Report) -> Mapping[str, str]:
    """By file, what became of it."""
    return {entry.file: entry.did.value for entry in report.entries}


def touch(path: Path, seconds: int) -> None:
    """Have a file look as written so many seconds after 2020-01-01."""
    moment = 1_577_836_800 + seconds
    os.utime(path, (moment, moment))
