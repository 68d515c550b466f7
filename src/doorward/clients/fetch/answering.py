"""An answer of HTTP whose body is on its way: unpacked, bounded by its reader, and complete or an error."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp

from doorward.clients.fetch.addresses import Address
from doorward.clients.fetch.failures import failure
from doorward.clients.fetch.progress import Progress
from doorward.clients.fetch.ranges import Extent, retry_after_seconds, validator_of
from doorward.clients.fetch.unpacking import CannotUnpack, Unpacking
from doorward.core.errors import ConnectError
from doorward.core.fetching import Head

_NO_BODY = frozenset({204, 304})
_STEPS_AT_ONCE = 8  # a MiB at most, where a piece is as long as it can be


class Answer:
    """
    One answer.

    Args:
        response: of aiohttp, whose body was not read.
        address: where it comes from.
        extent: which part of the whole it is.
        progress: told that the body is read.
        proxy: by which it came; None for the direct way.
    """

    def __init__(
        self,
        response: aiohttp.ClientResponse,
        address: Address,
        *,
        extent: Extent,
        progress: Progress,
        proxy: Address | None,
    ) -> None:
        self._response = response
        self._address = address
        self._progress = progress
        self._proxy = proxy
        headers = response.headers
        self.head = Head(
            url=address.shown,
            status=response.status,
            reason=response.reason or "",
            headers=tuple(headers.items()),
            from_bytes=extent.from_bytes,
            size=extent.size,
            validator=validator_of(headers) if response.status == 200 or extent.from_bytes else "",
            retry_after_seconds=retry_after_seconds(headers),
        )

    async def pieces(self) -> AsyncIterator[bytes]:
        """As the port says."""
        if self._response.method == "HEAD" or self._response.status in _NO_BODY:
            return
        self._progress.phase = "read"
        try:
            unpacking = Unpacking(self._response.headers.get("Content-Encoding", ""))
            async for packed in self._packed():
                # what is here already comes without a turn of the loop, on which deadlines are heard too
                await asyncio.sleep(0)
                for step, piece in enumerate(unpacking.unpack(packed), start=1):
                    if piece:
                        yield piece
                    if step % _STEPS_AT_ONCE == 0:
                        await asyncio.sleep(0)
            unpacking.finish()
        except CannotUnpack as error:
            raise ConnectError(self._address.shown, "read", str(error)) from error

    async def _packed(self) -> AsyncIterator[bytes]:
        while True:
            try:
                piece = await self._response.content.readany()
            except (aiohttp.ClientError, OSError) as error:
                raise failure(error, self._address, self._progress, self._proxy) from error
            if not piece:
                return
            yield piece
