"""Sources of vulnerabilities with real ends: the network, dpkg, files with keys."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from doorward.clients._secret_lines import secret_line
from doorward.compose.fetching import FetchSession
from doorward.compose.installed import installed_packages
from doorward.compose.lenient_feeds import LenientFeeds
from doorward.core.limits import Limits
from doorward.core.ports import Clock
from doorward.core.secret import Secret
from doorward.errands.cve.sources import CveBounds, CveSources
from doorward.errands.feeds.parsing import FeedBounds


@asynccontextmanager
async def cve_sources(limits: Limits, clock: Clock) -> AsyncIterator[CveSources]:
    """
    Sources to be asked, until the context is left.

    Args:
        limits: of sources and of feeds.
        clock: of this process.
    """
    async with FetchSession() as session:
        yield CveSources(
            fetcher=session,
            lenient=LenientFeeds(),
            installed=installed_packages,
            read_key=_key_in,
            wall_seconds=clock.wall,
            sleep=asyncio.sleep,
            bounds=CveBounds(
                body_bytes=limits.cve_bytes,
                seconds=limits.cve_seconds,
                feed=FeedBounds.within(limits),
                feed_seconds=limits.feed_seconds,
            ),
        )


async def _key_in(path: str) -> Secret:
    return await asyncio.to_thread(secret_line, path, kind="key of NVD")
