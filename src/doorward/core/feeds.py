"""What a feed says, whatever dialect it was written in."""

from dataclasses import dataclass
from datetime import datetime

TITLE_CHARACTERS = 1_000
SUMMARY_CHARACTERS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """
    One entry of a feed. All of it comes from a stranger: escape it where it is shown.

    Attributes:
        key: what its publisher calls it: its guid, id or rdf:about; else its link; else `sha256:` and a hash
            of what it says.
        title: one line without markup, at most `TITLE_CHARACTERS`; may be empty.
        link: an absolute address when the feed's own is known; empty for none.
        summary: text without markup, paragraphs ended by LF, at most `SUMMARY_CHARACTERS`.
        published: in UTC; when it was changed if nothing says when it was published; None when neither, or
            nobody can read it.
        authors: names, or addresses where there is no name.
        categories: words that its publisher files it under.
    """

    key: str
    title: str
    link: str
    summary: str
    published: datetime | None
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """
    A whole feed.

    Attributes:
        dialect: `RSS 2.0`, `Atom 1.0`, as the feed itself says.
        title: one line without markup; may be empty.
        link: the page that the feed goes with; empty for none.
        updated: in UTC; None when the feed does not say.
        entries: in the order of the feed.
        notes: what a reader should be told: that the feed was ill-formed, or that there were more entries.
        is_whole: every entry that the publisher wrote is here, as far as one can know.
    """

    dialect: str
    title: str
    link: str
    updated: datetime | None
    entries: tuple[Entry, ...]
    notes: tuple[str, ...] = ()
    is_whole: bool = True
