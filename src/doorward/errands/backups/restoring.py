"""Backups brought back: whole under their names, beside what is there already, or not at all."""

from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing, suppress
from functools import partial

from doorward.core.backup_store import BackupPlace, StoreError, Trouble
from doorward.core.backups import Backup, newest_first, partial_name
from doorward.errands.backups.hashing import Digest, digest_there, read_there
from doorward.errands.backups.pace import Pace
from doorward.errands.backups.patience import MOST_TRIES, Patience
from doorward.errands.backups.report import Did, Entry
from doorward.errands.backups.watching import Watcher


def chosen(there: Iterable[Backup], word: str) -> Backup | None:
    """The backup that `web.15` means, or the newest that `web` means; None where there is none."""
    there = list(there)
    exact = [each for each in there if each.file == word]
    of_name = [each for each in there if each.name == word]
    return next(iter(exact or newest_first(of_name)), None)


class Restoring:
    """
    Brings backups back, one at a time.

    Args:
        pace: how fast it may go.
        watcher: told how far it is.
        patience: how often one is tried again that gets no further.
    """

    def __init__(self, *, pace: Pace, watcher: Watcher, patience: Patience) -> None:
        self._pace = pace
        self._watcher = watcher
        self._patience = patience

    async def restore(self, there: BackupPlace, backup: Backup, here: BackupPlace) -> Entry:
        """
        Bring `backup` from `there` to `here`, and say what became of it.

        It is compared before it gets its name: its size, its SHA-256 as it is read from the disk here with
        that of what came, and with what the other end computes, where it does. Nothing is overwritten.
        """
        coming = _Coming(there, backup, here, self._pace, self._watcher)
        try:
            reason = await self._until_decided(coming)
        except StoreError as error:
            step = f". {error.next_step}" if error.next_step else ""
            return Entry(Did.FAILED, backup.file, backup.size_bytes, f"{error.problem}{step}")
        else:
            return Entry(Did.RESTORED, backup.file, backup.size_bytes, reason)
        finally:
            self._watcher.ended(backup.file)
            with suppress(StoreError):
                await coming.clear_away()

    async def _until_decided(self, coming: "_Coming") -> str:
        tries_in_all, tries, furthest = 0, 0, 0
        await coming.check_name()
        while True:
            tries_in_all += 1
            try:
                return await coming.try_once()
            except StoreError as error:
                tries = 1 if coming.received_bytes > furthest else tries + 1
                furthest = max(furthest, coming.received_bytes)
                if tries_in_all >= MOST_TRIES or not self._patience.is_left(error, tries):
                    raise
                tell = partial(self._watcher.paused, coming.file, error.problem)
                await self._patience.pause(tries, tell)


class _Coming:
    """One backup on its way here."""

    def __init__(
        self, there: BackupPlace, backup: Backup, here: BackupPlace, pace: Pace, watcher: Watcher
    ) -> None:
        self.file = backup.file
        self.received_bytes = 0
        self._there = there
        self._here = here
        self._backup = backup
        self._part = partial_name(backup)
        self._pace = pace
        self._watcher = watcher
        self._digest = Digest()

    async def check_name(self) -> None:
        """Raises StoreError where something here has its name."""
        if await self._here.size(self.file) is not None:
            raise self._error("it is here already, and was left as it is", Trouble.TAKEN)

    async def try_once(self) -> str:
        """How it was compared; raises StoreError."""
        if self.received_bytes != (await self._here.size(self._part) or 0):
            self.received_bytes, self._digest = 0, Digest()
        if self.received_bytes < self._backup.size_bytes or not self._backup.size_bytes:
            async with aclosing(self._pieces()) as pieces:
                await self._here.send(pieces, self._part, from_offset=self.received_bytes)
        how = await self._compare()
        await self._here.rename(self._part, self.file)
        return how

    async def clear_away(self) -> None:
        """Leave no part behind; raises StoreError."""
        await self._here.remove(self._part)

    async def _pieces(self) -> AsyncGenerator[bytes, None]:
        offset = self.received_bytes
        size_bytes = self._backup.size_bytes
        self._watcher.begun(self.file, size_bytes=size_bytes, from_offset=offset)
        coming = read_there(self._there, self.file, size_bytes=size_bytes, from_offset=offset)
        async with aclosing(coming) as pieces:
            async for piece in pieces:
                await self._pace.take(len(piece))
                yield piece
                await self._digest.take(piece)
                self.received_bytes += len(piece)
                self._watcher.moved(self.file, self.received_bytes)

    async def _compare(self) -> str:
        came = self._digest.hexadecimal
        size_bytes = self._backup.size_bytes
        there = await digest_there(self._here, self._part, size_bytes=size_bytes, pace=self._pace)
        if there != came:
            raise self._error("what the disk has is not what came", Trouble.PERMANENT)
        theirs = await self._there.sha256(self.file)
        if theirs is None:
            return "its size is right"
        if theirs != came:
            raise self._error("it has another SHA-256 there", Trouble.PERMANENT)
        return "its SHA-256 is right"

    def _error(self, problem: str, trouble: Trouble) -> StoreError:
        return StoreError(self.file, "read", problem, trouble=trouble)
