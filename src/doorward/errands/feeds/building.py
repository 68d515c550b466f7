"""What was read of an entry, or of the feed itself, put together."""

import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urljoin

from doorward.core.feeds import SUMMARY_CHARACTERS, TITLE_CHARACTERS, Entry
from doorward.errands.feeds.dates import read_date
from doorward.errands.feeds.texts import cut, text_of, tidy
from doorward.errands.feeds.vocabulary import Role

LIST_ITEMS = 32
"""As many authors, and as many categories, as an entry has at most; others are left out."""

_NAME_CHARACTERS = 200
_ADDRESS_CHARACTERS = 4_000
_KEY_CHARACTERS = 1_000
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,30}:")


@dataclass(slots=True)
class Written:
    """
    A text as it stood in the feed.

    Attributes:
        text: its characters.
        is_markup: it is HTML that was escaped, or may be; else it is meant as it stands.
    """

    text: str
    is_markup: bool

    def plain(self, most_characters: int) -> str:
        """What it says, without markup."""
        if self.is_markup:
            return text_of(self.text, most_characters=most_characters)
        return cut(tidy(self.text[: 4 * most_characters + 1]), most_characters)


@dataclass(slots=True)
class Draft:
    """
    What was found so far of an entry, or of the feed itself.

    Attributes:
        base: what its links are relative to.
    """

    base: str = ""
    authors: list[str] = field(default_factory=list)
    categories: list[str] = field(default_factory=list)
    _texts: dict[Role, Written] = field(default_factory=dict)

    def note(self, role: Role, text: str, *, is_markup: bool = True) -> None:
        """Note the text of `role`; of what may be there once, the first that is not empty counts."""
        if text and role not in self._texts and not text.isspace():
            self._texts[role] = Written(text, is_markup)

    def has(self, role: Role) -> bool:
        """Whether the text of `role` is noted."""
        return role in self._texts

    def _raw(self, *roles: Role) -> str:
        """The first of these texts that is there, as it stood in the feed, but for white space around it."""
        return next((self._texts[role].text.strip() for role in roles if role in self._texts), "")

    def _plain(self, *roles: Role, most_characters: int) -> str:
        """The first of these texts that is there, without markup."""
        return next((self._texts[role].plain(most_characters) for role in roles if role in self._texts), "")

    def add_author(self, text: str) -> None:
        """Note one more author, unless there are enough or this one is there."""
        _add(self.authors, text)

    def add_category(self, text: str) -> None:
        """Note one more category, unless there are enough or this one is there."""
        _add(self.categories, text)

    def title(self) -> str:
        """The title, one line."""
        return " ".join(self._plain(Role.TITLE, most_characters=TITLE_CHARACTERS).split())

    def page(self) -> str:
        """The address of the page that it goes with, absolute where the base is."""
        return absolute(self._raw(Role.LINK, Role.PERMALINK), base=self.base)

    def moment(self) -> datetime | None:
        """When it was published, else changed."""
        return read_date(self._raw(Role.PUBLISHED)) or read_date(self._raw(Role.UPDATED))

    def entry(self) -> Entry:
        """The entry that it is."""
        title, link, published = self.title(), self.page(), self.moment()
        summary = self._plain(Role.SUMMARY, Role.CONTENT, most_characters=SUMMARY_CHARACTERS)
        return Entry(
            key=key_of(self._raw(Role.ID) or link, title=title, summary=summary, published=published),
            title=title,
            link=link,
            summary=summary,
            published=published,
            authors=tuple(self.authors),
            categories=tuple(self.categories),
        )


def key_of(name: str, *, title: str, summary: str, published: datetime | None) -> str:
    """`name`, what the entry is called; where that is empty a hash of what it says, or of a name too long."""
    if name and len(name) <= _KEY_CHARACTERS:
        return name
    return hashed(name or "\0".join((title, summary, published.isoformat() if published else "")))


def hashed(text: str) -> str:
    """A name for what is too long to be one, or has none: `sha256:` and the digest of `text`."""
    return f"sha256:{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"


def absolute(address: str, *, base: str) -> str:
    """`address` as seen from `base`; empty when it is none, or too long to be one."""
    if not address or len(address) > _ADDRESS_CHARACTERS:
        return ""
    if SCHEME.match(address):
        return address
    try:
        return urljoin(base, address)
    except ValueError:
        return ""


def _add(items: list[str], text: str) -> None:
    word = cut(" ".join(text[: 4 * _NAME_CHARACTERS].split()), _NAME_CHARACTERS)
    if word and len(items) < LIST_ITEMS and word not in items:
        items.append(word)
