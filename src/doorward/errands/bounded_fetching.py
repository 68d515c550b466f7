"""Documents fetched within the limits that a keeper sets for them."""

from collections.abc import Mapping
from dataclasses import dataclass

from doorward.core.fetching import RETRIES, Fetched, FetchRequest, OutOfTime, TooLong
from doorward.core.ports import Fetcher


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundedFetcher:
    """
    Fetches documents.

    Attributes:
        fetcher: gets them.
        most_bytes: how long each may be, unpacked.
        seconds: how long each may take, tries and all.
        limits: what the names of these two limits begin with: `feed` for `limits.feed_bytes`.
    """

    fetcher: Fetcher
    most_bytes: int
    seconds: float
    limits: str

    async def fetch(self, url: str, *, headers: Mapping[str, str], retries: int = RETRIES) -> Fetched:
        """
        Fetch it, whole.

        Raises:
            ConnectError: as the port says. Where it is a limit of the keeper's, the text names it.
        """
        request = FetchRequest(
            url=url, headers=headers, most_bytes=self.most_bytes, seconds=self.seconds, retries=retries
        )
        try:
            return await self.fetcher.fetch(request)
        except TooLong as error:
            step = f"limits.{self.limits}_bytes says how long it may be"
            raise TooLong(error.address, error.phase, error.problem, step) from error
        except OutOfTime as error:
            step = f"limits.{self.limits}_seconds says how long it may take"
            raise OutOfTime(error.address, error.phase, error.problem, step) from error
