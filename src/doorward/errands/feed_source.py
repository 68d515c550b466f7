"""A feed from its address: fetched if it changed, and read."""

import asyncio
from dataclasses import dataclass

from doorward.core.errors import FeedError, IllFormedFeed
from doorward.core.feeds import Feed
from doorward.core.fetching import Fetched, without_login
from doorward.core.ports import Fetcher, LenientReader
from doorward.errands.bounded_fetching import BoundedFetcher
from doorward.errands.feeds.parsing import FeedBounds, parse_feed
from doorward.errands.statuses import NOT_MODIFIED, OK, words_of_refusal
from doorward.errands.validators import Validators, conditions, validators_from

_ACCEPTED = (
    "application/atom+xml, application/rss+xml, application/rdf+xml, "
    "application/xml;q=0.9, text/xml;q=0.8, */*;q=0.1"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedAnswer:
    """
    What came of asking for a feed.

    Attributes:
        feed: None when it is still the one that the validators were of.
        validators: of this answer. None are kept of a feed that was not read whole: what is missing could
            come.
    """

    feed: Feed | None
    validators: Validators


class FeedSource:
    """
    Reads feeds.

    Args:
        fetcher: gets them.
        lenient: reads those that are no XML.
        bounds: how large they may be.
        seconds: how long the fetching of one may take.
    """

    def __init__(
        self, *, fetcher: Fetcher, lenient: LenientReader, bounds: FeedBounds, seconds: float
    ) -> None:
        self._fetcher = BoundedFetcher(
            fetcher=fetcher, most_bytes=bounds.body_bytes, seconds=seconds, limits="feed"
        )
        self._lenient = lenient
        self._bounds = bounds

    async def read(self, url: str, known: Validators | None = None) -> FeedAnswer:
        """
        Ask for the feed at `url`.

        Args:
            url: of any scheme that can be fetched.
            known: of the answer that one has; None to have it in any case.

        Raises:
            ConnectError: it did not come.
            FeedError: what came is no feed.
        """
        headers = conditions(known or Validators(), accepted=_ACCEPTED)
        fetched = await self._fetcher.fetch(url, headers=headers)
        if fetched.status == NOT_MODIFIED and known is not None:
            return FeedAnswer(feed=None, validators=known)
        if fetched.status != OK:
            raise FeedError(without_login(url), *words_of_refusal(fetched))
        feed = await self._parsed(without_login(url), fetched)
        return FeedAnswer(
            feed=feed, validators=validators_from(fetched.headers) if feed.is_whole else Validators()
        )

    async def _parsed(self, url: str, fetched: Fetched) -> Feed:
        content_type = fetched.headers.get("content-type", "")
        try:
            return await asyncio.to_thread(
                parse_feed, fetched.body, url=fetched.url, content_type=content_type, bounds=self._bounds
            )
        except IllFormedFeed as error:
            # the address that a person knows it by
            named = IllFormedFeed(url, error.problem, error.next_step)
            return await self._lenient.read(
                fetched.body, content_type=content_type, most_entries=self._bounds.entries, error=named
            )
        except FeedError as error:
            raise FeedError(url, error.problem, error.next_step) from error
