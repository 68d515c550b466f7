"""What somebody more lenient made of an ill-formed feed, to a `Feed`."""

import re
from collections.abc import Mapping
from typing import Any

from doorward.core.feeds import Feed
from doorward.errands.feeds.building import Draft
from doorward.errands.feeds.vocabulary import Role

_DECLARATION = re.compile(rb"<!\s{0,20}(?:ENTITY|DOCTYPE[^>\[<]{0,500}+\[)", re.IGNORECASE)

_ROLES = (
    (Role.ID, "id"),
    (Role.TITLE, "title"),
    (Role.LINK, "link"),
    (Role.SUMMARY, "summary"),
    (Role.PUBLISHED, "published"),
    (Role.UPDATED, "updated"),
)


def may_be_read_leniently(body: bytes) -> bool:
    """Whether `body` declares nothing: what reads ill-formed feeds would let its entities grow."""
    return _DECLARATION.search(body.replace(b"\0", b"")) is None


def feed_from(document: Mapping[str, Any], *, url: str, problem: str) -> Feed:
    """
    The feed that `document` describes.

    Args:
        document: the texts `dialect`, `title`, `link` and `updated`; `entries`, each with the texts `id`,
            `title`, `link`, `summary`, `published` and `updated` and the lists `authors` and `categories`;
            `more`, whether there were more entries. What is missing is empty.
        url: where it came from.
        problem: why it could not be read as XML.
    """
    head = _draft(document, url)
    notes = [f"{problem}. It was read leniently, so entries may be missing or wrong"]
    if document.get("more"):
        notes.append(f"only the first {len(document['entries'])} entries were read, and there are more")
    return Feed(
        dialect=_text(document, "dialect") or "unknown",
        title=head.title(),
        link=head.page(),
        updated=head.moment(),
        entries=tuple(_draft(entry, url).entry() for entry in document["entries"]),
        notes=tuple(notes),
        is_whole=False,
    )


def _draft(fields: Mapping[str, Any], url: str) -> Draft:
    draft = Draft(base=url)
    for role, name in _ROLES:
        draft.note(role, _text(fields, name))
    for author in fields.get("authors", ()):
        draft.add_author(str(author))
    for category in fields.get("categories", ()):
        draft.add_category(str(category))
    return draft


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""
