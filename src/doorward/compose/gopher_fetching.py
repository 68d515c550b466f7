"""What stands at servers of Gopher, as any fetch has it: from its start, and without a size."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass

from doorward.clients._in_time import in_time
from doorward.clients.gopher import GopherBounds, parse_gopher_url, read_item
from doorward.compose.interruptions import interrupting
from doorward.core.fetching import FetchRequest, Head

# the limits of the whole fetch come first, and say so
_MORE_SECONDS = 10.0
_MORE_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class _OpenItem:
    head: Head
    chunks: AsyncGenerator[bytes, None]

    async def pieces(self) -> AsyncIterator[bytes]:
        """As the port says."""
        with interrupting():
            async for chunk in self.chunks:
                yield chunk


class GopherOpener:
    """Opens texts, menus and files of servers of Gopher."""

    async def close(self) -> None:
        """No connection is kept."""

    @asynccontextmanager
    async def open(self, request: FetchRequest) -> AsyncIterator[_OpenItem]:
        """As the port says."""
        item = parse_gopher_url(request.url)
        bounds = GopherBounds(
            most_bytes=request.most_bytes + _MORE_BYTES, total_seconds=request.seconds + _MORE_SECONDS
        )
        async with in_time(request.seconds, item.url), aclosing(read_item(item, bounds)) as chunks:
            yield _OpenItem(Head(url=item.url), chunks)
