"""Sources of vulnerabilities with real ends: the network, dpkg, files of keys."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from doorward.clients.fetch.options import FetchOptions
from doorward.compose.lenient_feeds import LenientFeeds
from doorward.core.limits import Limits
from doorward.core.ports import Clock
from doorward.errands.cve.sources import CveSources


@asynccontextmanager
async def cve_sources(
    limits: Limits, clock: Clock, options: FetchOptions | None = None, *, lenient: LenientFeeds | None = None
) -> AsyncIterator[CveSources]:
    """
    Sources to be asked, until the context is left.

    Args:
        limits: of sources and of feeds.
        clock: of this process.
        options: how documents are fetched.
        lenient: reads feeds that are no XML; None for one of its own.
    """
    raise NotImplementedError
    yield
