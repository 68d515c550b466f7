"""Whether a place is the very folder in which the backups are made, which no address over a network tells."""

from collections.abc import AsyncIterator
from dataclasses import replace

from doorward.core.backup_source import Source
from doorward.core.backup_store import BackupPlace, StoreError, Trouble
from doorward.core.backups import Backup, partial_name


async def is_the_source(place: BackupPlace, source: Source, backup: Backup) -> bool:
    """
    Put an empty part there, look whether it is here too, and take it away again.

    Args:
        place: where the backups are kept.
        source: where they are made.
        backup: one whose part it is named as, so that it is cleared away should this run end here.

    Returns:
        Whether it was here. Where there is no room for an empty file, nobody can tell, and it counts as not.

    Raises:
        StoreError: the place could not be asked.
        BackupError: the folder could not.
    """
    probe = partial_name(replace(backup, changed_ns=-1))
    try:
        await place.send(_nothing(), probe)
        return await source.has(probe)
    except StoreError as error:
        if error.trouble is Trouble.FULL:
            return False
        raise
    finally:
        await place.remove(probe)


async def _nothing() -> AsyncIterator[bytes]:
    no_pieces: tuple[bytes, ...] = ()
    for piece in no_pieces:
        yield piece
