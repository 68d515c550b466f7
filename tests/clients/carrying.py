"""A file carried to a place of backups by whoever tries again while trouble passes by itself."""

from doorward.core.backup_store import BackupStore, StoreError, Trouble
from doorward.testing.backup_store_contract import in_chunks

PARTIAL = "web.1.part"
FINAL = "web.1"


async def carry(store: BackupStore, content: bytes, *, tries: int) -> int:
    """
    Have the place keep `content` as `FINAL`.

    Returns:
        How many tries it took.

    Raises:
        StoreError: trouble that lasts, or it took more than `tries`.
    """
    for number in range(1, tries):
        try:
            await _try(store, content)
        except StoreError as error:
            if error.trouble is not Trouble.TEMPORARY:
                raise
        else:
            return number
    await _try(store, content)
    return tries


async def _try(store: BackupStore, content: bytes) -> None:
    async with store.connect() as place:
        if await place.size(FINAL) == len(content):
            return
        there_bytes = await place.size(PARTIAL) or 0
        if there_bytes > len(content):
            await place.remove(PARTIAL)
            there_bytes = 0
        await place.send(in_chunks(content[there_bytes:]), PARTIAL, from_offset=there_bytes)
        await place.rename(PARTIAL, FINAL)
