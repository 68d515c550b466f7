"""Contents of files that come and go, in chunks that fit no buffer."""

import random
from collections.abc import AsyncIterable, AsyncIterator
from contextlib import AbstractAsyncContextManager

from doorward.clients.ftp.downloads import Download


def content(size_bytes: int, *, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(size_bytes)


async def in_chunks(data: bytes, *, chunk_bytes: int = 100_003) -> AsyncIterator[bytes]:
    for start in range(0, len(data), chunk_bytes):
        yield data[start : start + chunk_bytes]


async def all_of(download: AsyncIterable[bytes]) -> bytes:
    return b"".join([chunk async for chunk in download])


async def fetched(beginning: AbstractAsyncContextManager[Download]) -> bytes:
    async with beginning as download:
        return await all_of(download)
