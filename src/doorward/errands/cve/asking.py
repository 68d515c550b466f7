"""A document of a source: asked for, and told apart from what else a server may say."""

from collections.abc import Mapping
from dataclasses import dataclass

from doorward.core.errors import SourceError
from doorward.core.fetching import Fetched, without_login
from doorward.errands.bounded_fetching import BoundedFetcher
from doorward.errands.statuses import NOT_MODIFIED, OK, words_of_refusal
from doorward.errands.validators import (
    Validators,
    conditions,
    marks_of_answer,
    validators_from,
    validators_of,
)

BASIS = "basis"
"""The mark of what beside a document decided what it said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """
    What came from an address.

    Attributes:
        url: that was asked, without a login.
        body: as it came.
        marks: what is to be noted with what it says.
    """

    url: str
    body: bytes
    marks: Mapping[str, str]


class Refused(SourceError):
    """A server that answered with something else than what was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents:
    """
    Where documents come from.

    Attributes:
        fetcher: gets them.
        accepted: which forms are asked for.
    """

    fetcher: BoundedFetcher
    accepted: str

    async def changed(self, url: str, marks: Mapping[str, str], *, basis: str) -> Document | None:
        """
        The document at `url`; None when it is the one whose marks there are.

        Args:
            url: where it is.
            marks: of the source.
            basis: what beside the document decides what it says. When it is not as it was noted, the document
                is had in any case.

        Raises:
            ConnectError: it did not come.
            Refused: the server said something else.
        """
        known = validators_of(marks, url) if marks.get(BASIS) == basis else None
        headers = conditions(known or Validators(), accepted=self.accepted)
        fetched = await self.fetcher.fetch(url, headers=headers)
        if fetched.status == NOT_MODIFIED and known is not None:
            return None
        shown = without_login(url)
        if fetched.status != OK:
            raise refusal(shown, fetched)
        noted = {**marks_of_answer(url, validators_from(fetched.headers)), BASIS: basis}
        return Document(url=shown, body=fetched.body, marks=noted)


def refusal(url: str, fetched: Fetched, *, next_step: str = "") -> Refused:
    """The error that an answer without what was asked for is; `next_step` for the usual one of its status."""
    problem, usual = words_of_refusal(fetched)
    return Refused(url, problem, next_step or usual)
