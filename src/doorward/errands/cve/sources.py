"""Asking the sources of vulnerabilities, each in the way that it wants to be asked."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass

from doorward.core.cve_errands import SECOND_ADDRESSES, DEFAULT_ADDRESSES, CveSource
from doorward.core.installed import Installed
from doorward.core.ports import Fetcher, LenientReader
from doorward.core.secret import Secret
from doorward.errands.cve.updates import CveUpdate
from doorward.errands.feeds.parsing import FeedBounds


@dataclass(frozen=True, slots=True, kw_only=True)
class CveBounds:
    """
    How much may come.

    Attributes:
        body_bytes: of one document, unpacked: of the tracker, of KEV, of a page of NVD, of EPSS.
        seconds: how long the fetching of one document may take, tries and all.
        feed: of what is a feed.
    """

    body_bytes: int = 128 * 1024 * 1024
    seconds: float = 300.0
    feed: FeedBounds = FeedBounds()


class CveSources:
    """
    Asks sources.

    Args:
        fetcher: gets documents.
        lenient: reads feeds that are no XML.
        installed: tells what this machine has; asked for the tracker of Debian alone. It raises SourceError on
            a machine that cannot tell.
        read_key: reads the file with a key of NVD; it raises TrustError or ConfigurationError for what cannot
            be used.
        wall_seconds: the time.
        sleep: waits so many seconds.
        bounds: how much may come.
        seconds_addresses: where a source is asked when the address does not give it.
    """

    def __init__(
        self,
        *,
        fetcher: Fetcher,
        lenient: LenientReader,
        installed: Callable[[], Awaitable[Installed]],
        read_key: Callable[[str], Awaitable[Secret]],
        wall_seconds: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
        bounds: CveBounds | None = None,
        second_addresses: Mapping[str, str] | None = None,
    ) -> None:
        self._fetcher = fetcher

    def look(self, source: CveSource, marks: Mapping[str, str]) -> AsyncIterator[CveUpdate]:
        """
        Ask `source` once, and hand out what it says, page by page where it comes in pages.

        Note each update with its marks before the next is asked for. Nothing at all is handed out when the
        source says that nothing changed since `marks`. An error ends it: what was handed out before holds, and
        the next look begins where the last marks are.

        Args:
            source: which one, and where.
            marks: as they were noted last; empty the first time.

        Raises:
            ConnectError: it did not come.
            SourceError: what came is not what was asked for, or was refused; FeedError, a kind of it, of a
                feed. Nothing of the document that it tells of was handed out.
            TrustError, ConfigurationError: the file with the key cannot be used.
        """
        raise NotImplementedError
