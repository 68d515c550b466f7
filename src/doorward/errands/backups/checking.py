"""Whether what is there is what is here, and all of it can be had: nothing is changed."""

from collections.abc import Collection, Sequence
from functools import partial

from doorward.core.backup_source import Source
from doorward.core.backup_store import BackupPlace, BackupStore, StoreError
from doorward.core.backups import Backup, by_name
from doorward.core.errors import BackupError
from doorward.errands.backups.hashing import digest_here, digest_there
from doorward.errands.backups.pace import Pace
from doorward.errands.backups.planning import Step
from doorward.errands.backups.reaching import Again, connected, listed
from doorward.errands.backups.report import Did, Entry
from doorward.errands.backups.watching import Watcher

_STEP = "Is it the right folder?"


class Checking:
    """
    Looks at all backups of a place, one after the other.

    Args:
        store: where they are kept.
        source: where they were made; None to compare with nothing.
        pace: how fast it may go.
        watcher: told how far it is.
        again: tries again what may do better.
        only_sizes: no content is read, here or there.
    """

    def __init__(
        self,
        store: BackupStore,
        source: Source | None,
        *,
        pace: Pace,
        watcher: Watcher,
        again: Again,
        only_sizes: bool,
    ) -> None:
        self._store = store
        self._source = source
        self._pace = pace
        self._watcher = watcher
        self._again = again
        self._only_sizes = only_sizes

    async def check(self, names: Collection[str], *, keep: int | None = None) -> Sequence[Entry]:
        """
        What is known of each file there, and of each here that should be there.

        Args:
            names: which; with none, those that are here, or without a folder all that are there.
            keep: so many of each name are to be there, 1 and up; None for the newest, and all that are newer
                than the oldest there.

        Raises:
            BackupError: the folder here cannot be listed, or there is nothing, here or there.
            StoreError: the place cannot be listed.
        """
        here = () if self._source is None else (await self._source.found(names)).backups
        wanted = frozenset(names) or frozenset(each.name for each in here)
        entries: list[Entry] = []
        async with connected(self._store, self._again) as place:
            there = (await listed(place, wanted, self._again)).backups
            if not (wanted or there):
                raise BackupError(self._store.address, "there is no backup, here or there", _STEP)
            self._watcher.expect(len(there), sum(each.size_bytes for each in there))
            ours = {each.file: each for each in here}
            names_here, names_there = by_name(here), by_name(there)
            for name in sorted({*wanted, *names_there}):
                of_name = names_there.get(name, [])
                entries += _missing(name, names_here.get(name, []), of_name, keep)
                for theirs in of_name:
                    entries.append(await self.compare(place, theirs, ours.get(theirs.file)))
                    self._watcher.ended(theirs.file)
        return entries

    async def compare(self, place: BackupPlace, theirs: Backup, ours: Backup | None) -> Entry:
        """What is known of one file there; `ours` is the one of its name here, None where there is none."""
        file, size_bytes = theirs.file, theirs.size_bytes
        if ours is not None and ours.size_bytes != size_bytes:
            return Entry(Did.FAILED, file, size_bytes, f"here it has {ours.size_bytes} bytes")
        if self._only_sizes:
            did, reason = (Did.KEPT, "") if ours is None else (Did.SAME, "by its size")
            return Entry(did, file, size_bytes, reason)
        try:
            if ours is None:
                await self._again.until_done(lambda: self._read(place, theirs))
                return Entry(Did.WHOLE, file, size_bytes, "nothing is here to compare it with")
            sha256 = await self._again.until_done(lambda: self._hash_there(place, theirs))
            is_same = sha256 == await self._hash_here(ours)
        except StoreError as error:
            return Entry(Did.FAILED, file, size_bytes, f"it cannot be read there: {error.problem}")
        except BackupError as error:
            return Entry(Did.FAILED, file, size_bytes, f"here {error.problem}")
        if not is_same:
            return Entry(Did.FAILED, file, size_bytes, "it has another SHA-256 there than here")
        return Entry(Did.SAME, file, size_bytes, "by its SHA-256")

    async def _hash_there(self, place: BackupPlace, theirs: Backup) -> str:
        return await place.sha256(theirs.file) or await self._read(place, theirs)

    async def _read(self, place: BackupPlace, theirs: Backup) -> str:
        """
        The SHA-256 of what comes back.

        Raises:
            StoreError: it does not come whole.
        """
        self._watcher.begun(theirs.file, size_bytes=theirs.size_bytes, from_offset=0)
        moved = partial(self._watcher.moved, theirs.file)
        return await digest_there(
            place, theirs.file, size_bytes=theirs.size_bytes, pace=self._pace, moved=moved
        )

    async def _hash_here(self, ours: Backup) -> str:
        assert self._source is not None  # noqa: S101 - or there was none of ours
        async with self._source.open(ours) as opened:
            digest = await digest_here(opened, ours.size_bytes, piece_bytes=self._pace.piece_bytes)
            await opened.check()
        return digest


async def staying(checking: Checking, place: BackupPlace, step: Step, ours: Backup | None) -> Entry:
    """What is known of a file that is to stay there, once it was compared with `ours`, the one here."""
    theirs = step.backup
    if ours is None:
        reason = f"{step.reason}; known by its length alone, as it is not here any more"
        return Entry(Did.KEPT, theirs.file, theirs.size_bytes, reason)
    compared = await checking.compare(place, theirs, ours)
    if compared.did is Did.FAILED:
        return compared
    return Entry(
        Did.KEPT, theirs.file, theirs.size_bytes, f"{step.reason}, with the SHA-256 that it has here"
    )


def _missing(name: str, here: Sequence[Backup], there: Sequence[Backup], keep: int | None) -> list[Entry]:
    """Of a name with nothing there, or with a file here that should be there and is not."""
    if not here:
        return [] if there else [Entry(Did.FAILED, name, 0, "there is no backup of this name, here or there")]
    found = {each.number for each in there}
    if keep is None:
        least = min(found, default=here[0].number)
    else:
        least = min(sorted(found | {each.number for each in here}, reverse=True)[:keep])
    return [
        Entry(
            Did.FAILED,
            each.file,
            each.size_bytes,
            f"it is {'the newest' if each is here[0] else 'among the newest'} here, and is not there",
        )
        for each in here
        if each.number not in found and (each is here[0] or each.number >= least)
    ]
