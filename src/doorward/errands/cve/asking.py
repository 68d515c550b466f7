"""A document of a source: asked for, and told apart from what else a server may say."""

from collections.abc import Mapping
from dataclasses import dataclass

from doorward.core.errors import SourceError
from doorward.core.fetching import RETRIES, Fetched, without_login
from doorward.errands.cve.fetching import BoundedFetcher
from doorward.errands.feed_marks import marks_of_answer, validators_of
from doorward.errands.feed_source import Validators, conditions, validators_from

_OK = 200
_NOT_MODIFIED = 304

BASIS = "basis"
"""The mark of what beside a document decided what it said."""

# Source: RFC 9110, section 15, and RFC 6585.
_STEPS = {
    401: "It asks for a login",
    403: "The server does not want this machine to read it, or wants to be asked less often",
    404: "Look the address up: it has moved, or never was there",
    410: "It was given up: take it out",
    429: "Ask less often",
}


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
        fetched = await self.fetcher.fetch(url, headers=headers, retries=RETRIES)
        if fetched.status == _NOT_MODIFIED and known is not None:
            return None
        shown = without_login(url)
        if fetched.status != _OK:
            raise refusal(shown, fetched)
        noted = {**marks_of_answer(url, validators_from(fetched.headers)), BASIS: basis}
        return Document(url=shown, body=fetched.body, marks=noted)


def refusal(url: str, fetched: Fetched, *, next_step: str = "") -> Refused:
    """The error that an answer without what was asked for is; `next_step` for the usual one of its status."""
    said = f" ({fetched.reason[:60]})" if fetched.reason else ""
    usual = _STEPS.get(fetched.status, "Try again later" if fetched.status >= 500 else "")
    return Refused(url, f"the server answered {fetched.status}{said}", next_step or usual)
