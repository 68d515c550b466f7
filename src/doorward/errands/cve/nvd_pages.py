"""Asking NVD for its pages: not too often, and again when it has no time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import datetime
from urllib.parse import urlencode, urlsplit

from doorward.core.addresses import is_this_machine
from doorward.core.errors import SourceError
from doorward.core.fetching import Fetched, Interrupted, without_login
from doorward.core.secret import REDACTED, Secret
from doorward.errands.bounded_fetching import BoundedFetcher
from doorward.errands.cve.asking import refusal
from doorward.errands.cve.documents import AGAIN
from doorward.errands.cve.nvd import NAME, NvdPage, parse_nvd_page
from doorward.errands.cve.plain import line
from doorward.errands.cve.windows import Window
from doorward.errands.statuses import FORBIDDEN, NOT_FOUND, OK, TOO_MANY_REQUESTS

PAGE_ENTRIES = 2_000
"""As many as a page may have."""

PAUSE_SECONDS = 6.0
PAUSE_WITH_KEY_SECONDS = 0.6
"""
Between two requests: 5 in 30 s without a key, 50 with one.

Source: the documentation of the NVD, `Rate Limits` and `Best Practices`.
"""

LATER_SECONDS = (30.0, 60.0, 120.0)
"""How long to wait each time that it has no time; the first is the span over which it counts."""

MOST_ASKED_SECONDS = 300.0
"""When the server wants a longer wait than that, there is no other try."""

MOST_REQUESTS = 1_000
"""Of one look; five times as many as there are pages of all that NVD has."""

MOST_BYTES = 8 * 1024**3
"""Of one look; four times what all that NVD has takes. To read more takes longer than a look may."""

_TOO_OFTEN = frozenset({FORBIDDEN, TOO_MANY_REQUESTS})
_LATER = _TOO_OFTEN | {500, 502, 503, 504}


class Moved(Exception):
    """
    Entries may have gone from a page that is still to come to one that was read.

    Attributes:
        is_ahead_of: what the server's clock said, when the window ends after that: what is changed meanwhile
            stays in it, so that nobody could count it. None when two pages count differently.
    """

    def __init__(self, *, is_ahead_of: datetime | None = None) -> None:
        super().__init__()
        self.is_ahead_of = is_ahead_of


class NvdPages:
    """
    The pages of NVD, for one look.

    Args:
        fetcher: gets them.
        url: of the API.
        key: of the API; None for none. Only the server at `url` hears it.
        sleep: waits so many seconds.

    Raises:
        SourceError: the key would go over the network in the clear.
    """

    def __init__(
        self,
        *,
        fetcher: BoundedFetcher,
        url: str,
        key: Secret | None,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._fetcher = fetcher
        self._url = url
        self._shown = without_login(url)
        self._key = key
        self._sleep = sleep
        self._requests = 0
        self._bytes = 0
        if key is not None and not _is_private(url):
            problem = "the key would go there in the clear"
            raise SourceError(self._shown, problem, "Ask by https, or take `key_file` out")

    async def read(self, window: Window) -> AsyncIterator[tuple[NvdPage, bool]]:
        """
        The pages of `window`, in order, each with whether it is the last.

        Raises:
            Moved: the pages do not fit together. It comes before the last one does.
            ConnectError, SourceError: a page could not be had.
        """
        at = 0
        total = None
        while total is None or at < total:
            page = await self._page(window, at)
            if total is not None and page.total != total:
                raise Moved
            has_more = at + page.entries < page.total
            if total is None and has_more and page.at is not None and window.start < page.at < window.end:
                raise Moved(is_ahead_of=page.at)
            total = page.total
            at += page.entries
            yield page, at >= total

    async def _page(self, window: Window, start: int) -> NvdPage:
        asked = {**window.parameters, "resultsPerPage": str(PAGE_ENTRIES), "startIndex": str(start)}
        fetched = await self._fetched(asked)
        self._bytes += len(fetched.body)
        if self._bytes > MOST_BYTES:
            problem = f"after {MOST_BYTES} bytes there is still more"
            raise SourceError(self._shown, problem, "Ask for fewer `days`")
        # thousands of entries: not on the loop
        page = await asyncio.to_thread(parse_nvd_page, fetched.body, url=self._shown)
        if page.start != start:
            problem = f"entries from {start} on were asked for, and came from {page.start} on"
            raise SourceError(self._shown, problem, AGAIN)
        if page.entries > PAGE_ENTRIES:
            problem = f"{NAME} has {page.entries} entries, and {PAGE_ENTRIES} were asked for"
            raise SourceError(self._shown, problem, AGAIN)
        if not page.entries and start < page.total:
            problem = f"{NAME} is empty, and {page.total - start} entries are still to come"
            raise SourceError(self._shown, problem, AGAIN)
        return page

    async def _fetched(self, asked: Mapping[str, str]) -> Fetched:
        url = f"{self._url}{'&' if '?' in self._url else '?'}{urlencode(asked)}"
        waits_seconds = iter(LATER_SECONDS)
        while True:
            answer = await self._try(url)
            if isinstance(answer, Fetched) and answer.status not in _LATER:
                break
            ours_seconds = next(waits_seconds, None)
            later_seconds = _asked_seconds(answer, otherwise=ours_seconds)
            if ours_seconds is None or later_seconds is None:
                break
            await self._sleep(later_seconds)
        if isinstance(answer, Interrupted):
            raise answer
        return self._accepted(answer)

    async def _try(self, url: str) -> Fetched | Interrupted:
        self._requests += 1
        if self._requests > MOST_REQUESTS:
            problem = f"after {MOST_REQUESTS} requests there is still more"
            raise SourceError(self._shown, problem, "Ask for fewer `days`")
        if self._requests > 1:
            await self._sleep(self._pause_seconds)
        try:
            # no tries but ours, with pauses that are NVD's
            return await self._fetcher.fetch(url, headers=self._headers(), retries=0)
        except Interrupted as error:
            return error

    def _accepted(self, answer: Fetched) -> Fetched:
        if answer.status == OK:
            return answer
        # what it thinks of a key or a parameter stands in a header of its own
        said = line(self._without_key(answer.headers.get("message", "")), most_characters=200)
        if answer.status == NOT_FOUND and said:
            step = "Is the key in `key_file` the one that NVD sent?" if self._key else AGAIN
            raise SourceError(self._shown, f"the server refuses the request: {said}", step)
        tell = "It is asked too often, or does not want this machine; a key lets it be asked more often"
        raise refusal(self._shown, answer, next_step=tell if answer.status in _TOO_OFTEN else "")

    def _headers(self) -> Mapping[str, str]:
        login = {} if self._key is None else {"apiKey": self._key.revealed}
        return {"Accept": "application/json", **login}

    def _without_key(self, text: str) -> str:
        # what a server says back to us goes into logs and mail
        return text if self._key is None else text.replace(self._key.revealed, REDACTED)

    @property
    def _pause_seconds(self) -> float:
        return PAUSE_SECONDS if self._key is None else PAUSE_WITH_KEY_SECONDS


def _asked_seconds(answer: Fetched | Interrupted, *, otherwise: float | None) -> float | None:
    """When the server wants to be asked again; `otherwise` when it does not say, None for much later."""
    text = "" if isinstance(answer, Interrupted) else answer.headers.get("retry-after", "").strip()
    if not (text.isascii() and text.isdecimal()):
        return otherwise
    return float(text) if len(text) < 10 and float(text) <= MOST_ASKED_SECONDS else None


def _is_private(url: str) -> bool:
    """Whether nobody between here and the server at `url` hears what is sent."""
    parts = urlsplit(url)
    return parts.scheme.lower() == "https" or is_this_machine(parts.hostname or "")
