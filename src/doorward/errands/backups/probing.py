"""Whether a place is the very folder in which the backups are made, which no address over a network tells."""

from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import replace

from doorward.core.backup_source import Source
from doorward.core.backup_store import BackupPlace
from doorward.core.backups import Backup, partial_name


class Probing:
    """
    Tells a place from the folder in which the backups are made.

    Args:
        source: that folder.
        token: gives a number that no other run has, 0 and up.
    """

    def __init__(self, source: Source, token: Callable[[], int]) -> None:
        self._source = source
        self._token = token

    async def are_one(self, place: BackupPlace, here: Iterable[Backup], there: Iterable[Backup]) -> bool:
        """
        Whether what is put there comes to the folder.

        One file that only one of them has shows that they are two. Where there is none, an empty part is put
        there, looked for here, and taken away again; it is named as one of a backup, so that the next run
        clears it away should this one end here.

        Args:
            place: where the backups are kept.
            here: what was here a while ago.
            there: what is there, one at least.

        Raises:
            StoreError: nobody can tell, as the place cannot be asked, or has no room for an empty file.
            BackupError: the folder cannot be looked at.
        """
        here, there = list(here), list(there)
        if await self._is_here_alone(place, here, there) or await self._is_there_alone(place, there):
            return False
        probe = partial_name(replace(there[0], changed_ns=-1 - self._token()))
        try:
            await place.send(_nothing(), probe)
            return await self._source.has(probe)
        finally:
            await place.remove(probe)

    async def _is_here_alone(
        self, place: BackupPlace, here: Iterable[Backup], there: Iterable[Backup]
    ) -> bool:
        listed = {each.file for each in there}
        for each in here:
            if each.file not in listed and await place.size(each.file) is None:
                # it may have gone from both meanwhile
                return await self._source.has(each.file)
        return False

    async def _is_there_alone(self, place: BackupPlace, there: Iterable[Backup]) -> bool:
        for each in there:
            if not await self._source.has(each.file):
                return await place.size(each.file) is not None
        return False


async def _nothing() -> AsyncIterator[bytes]:
    no_pieces: tuple[bytes, ...] = ()
    for piece in no_pieces:
        yield piece
