"""A feed from its address: fetched if it changed, and read."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from doorward.core.errors import FeedError, IllFormedFeed
from doorward.core.feeds import Feed
from doorward.core.fetching import Fetched, FetchRequest, without_login
from doorward.core.ports import Fetcher, LenientReader
from doorward.errands.feeds.parsing import FeedBounds, parse_feed

_ACCEPTED = (
    "application/atom+xml, application/rss+xml, application/rdf+xml, "
    "application/xml;q=0.9, text/xml;q=0.8, */*;q=0.1"
)
_VALIDATOR_CHARACTERS = 1_000

_OK = 200
_NOT_MODIFIED = 304
# Source: RFC 9110, section 15, and RFC 6585.
_REFUSALS = {
    401: ("Unauthorized", "It asks for a login"),
    403: ("Forbidden", "The server does not want this machine to read it"),
    404: ("Not Found", "Look the address up: the feed has moved or never was there"),
    410: ("Gone", "The feed was given up: take it out"),
    429: ("Too Many Requests", "Ask less often"),
    503: ("Service Unavailable", "Try again later"),
}


@dataclass(frozen=True, slots=True)
class Validators:
    """
    What a server said that tells its answer from a later one.

    Attributes:
        etag: empty for none.
        last_modified: as the server wrote it; empty for none.
    """

    etag: str = ""
    last_modified: str = ""


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
        self._fetcher = fetcher
        self._lenient = lenient
        self._bounds = bounds
        self._seconds = seconds

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
        fetched = await self._fetcher.fetch(
            FetchRequest(
                url=url,
                headers=conditions(known or Validators(), accepted=_ACCEPTED),
                most_bytes=self._bounds.body_bytes,
                seconds=self._seconds,
            )
        )
        if fetched.status == _NOT_MODIFIED and known is not None:
            return FeedAnswer(feed=None, validators=known)
        if fetched.status != _OK:
            raise _refused(without_login(url), fetched.status)
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


def conditions(known: Validators, *, accepted: str) -> Mapping[str, str]:
    """The headers that ask for what changed since the answer that `known` was of, in an `accepted` form."""
    headers = {"Accept": accepted}
    if known.etag:
        headers["If-None-Match"] = known.etag
    if known.last_modified:
        headers["If-Modified-Since"] = known.last_modified
    return headers


def validators_from(headers: Mapping[str, str]) -> Validators:
    """What the `headers` of an answer, by their names in lower case, tell it from a later one by."""
    return Validators(*(_validator(headers.get(name, "")) for name in ("etag", "last-modified")))


def _validator(text: str) -> str:
    """`text` if it can be sent back as it is."""
    return text if text.isprintable() and len(text) <= _VALIDATOR_CHARACTERS else ""


def _refused(url: str, status: int) -> FeedError:
    said, step = _REFUSALS.get(status, ("", "Try again later" if status >= 500 else ""))
    return FeedError(url, f"the server answered {status}{said and f' ({said})'}", step)
