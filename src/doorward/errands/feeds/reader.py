"""The elements of a feed, as they come out of expat, to drafts of entries."""

from collections.abc import Callable
from dataclasses import dataclass

from doorward.core.feeds import Entry
from doorward.errands.feeds.building import Draft, absolute
from doorward.errands.feeds.texts import BLOCKS, LINE_END
from doorward.errands.feeds.vocabulary import (
    ATOM_NAMESPACES,
    CHANNELS,
    ENTRIES,
    ENTRY_ROLES,
    FEED_ROLES,
    NAMES_OF_PERSONS,
    RDF_ABOUT,
    ROOTS,
    RSS_0_90,
    RSS_1_0,
    SEPARATOR,
    XML_BASE,
    Role,
)

DEPTH = 100
"""As deep as elements may be nested. The deepest there is, a page within an entry, has some thirty."""

_PLAIN_TYPES = frozenset({"text", "text/plain", "xhtml", "application/xhtml+xml"})
_MARKUP_TYPES = frozenset({"html", "text/html"})


class Refused(Exception):
    """The document is not to be read any further; the text says why."""


class ForeignRoot(Exception):
    """The first element is none of a feed's; the text is its name."""


class Enough(Exception):
    """There are more entries than may be."""


@dataclass(slots=True)
class _Field:
    role: Role
    depth: int
    is_markup: bool
    also_permalink: bool


class FeedReader:
    """
    Takes the events of one document, in order.

    Attributes:
        dialect: empty until the first element was seen.
        has_channel: the feed itself was seen, not only an element around it.
        head: what the feed says of itself.
        entries: those that ended.
    """

    __slots__ = (
        "_base",
        "_depth",
        "_draft",
        "_entry_depth",
        "_feed_depth",
        "_field",
        "_most_entries",
        "_parts",
        "_person_depth",
        "dialect",
        "entries",
        "has_channel",
        "head",
        "receive_text",
    )

    def __init__(self, *, url: str, most_entries: int) -> None:
        self.dialect = ""
        self.has_channel = False
        self.head = Draft(base=url)
        self.entries: list[Entry] = []
        self._base = url
        self._most_entries = most_entries
        self._depth = self._feed_depth = self._entry_depth = self._person_depth = 0
        self._draft = self.head
        self._field: _Field | None = None
        self._parts: list[str] = []
        # with no method of ours between expat and the list, a third of the time is saved
        self.receive_text: Callable[[str], None] = self._parts.append

    def receive_start(self, name: str, attributes: dict[str, str]) -> None:
        """
        Take the start of an element.

        Raises:
            Refused: elements are nested too deeply.
            ForeignRoot: this is no feed.
            Enough: it begins an entry more than there may be.
        """
        self._depth = depth = self._depth + 1
        if depth > DEPTH:
            raise Refused(f"its elements are nested more than {DEPTH} deep")
        if self._field is not None:
            if name.rpartition(SEPARATOR)[2] in BLOCKS:
                self._parts.append(LINE_END)
        elif self._entry_depth:
            self._start_in_entry(name, attributes)
        elif depth == 1:
            self._start_root(name, attributes)
        else:
            self._start_in_feed(name, attributes)

    def receive_end(self, _name: str) -> None:
        """Take the end of the element that was started last."""
        depth = self._depth
        self._depth = depth - 1
        if self._field is not None:
            if depth == self._field.depth:
                self._end_field(self._field, "".join(self._parts))
        elif depth == self._entry_depth:
            self.entries.append(self._draft.entry())
            self._entry_depth = self._person_depth = 0
            self._draft = self.head
        elif depth == self._person_depth:
            self._person_depth = 0
        elif depth == self._feed_depth:
            self._feed_depth = 0

    def receive_entity(self, name: str, character: str) -> None:
        """Take an entity that was not declared; `character` is what HTML means by it, empty for nothing."""
        self._parts.append(character or f"&{name};")

    def _start_root(self, name: str, attributes: dict[str, str]) -> None:
        dialect = ROOTS.get(name)
        if dialect is None:
            raise ForeignRoot(name.rpartition(SEPARATOR)[2])
        self._base = self.head.base = _based(attributes, self._base)
        if dialect == "RSS":
            version = attributes.get("version", "")[:8]
            dialect = f"RSS {version}" if version.replace(".", "").isalnum() else "RSS"
        elif dialect != "RDF":
            self._feed_depth = 1
            self.has_channel = True
        self.dialect = dialect

    def _start_in_feed(self, name: str, attributes: dict[str, str]) -> None:
        if name in ENTRIES and self._depth <= max(2, self._feed_depth + 1):
            self._start_entry(name, attributes)
        elif name in CHANNELS and self._depth == 2:
            self._start_channel(name, attributes)
        elif self._feed_depth and self._depth == self._feed_depth + 1:
            self._start_field(FEED_ROLES.get(name), name, attributes)

    def _start_channel(self, name: str, attributes: dict[str, str]) -> None:
        self._name_rdf(name)
        self.has_channel = True
        self._feed_depth = 2
        self._base = self.head.base = _based(attributes, self._base)

    def _start_entry(self, name: str, attributes: dict[str, str]) -> None:
        if len(self.entries) >= self._most_entries:
            raise Enough
        self._name_rdf(name)
        self.has_channel = True
        self._entry_depth = self._depth
        self._draft = Draft(base=_based(attributes, self._base))
        self._draft.note(Role.ID, attributes.get(RDF_ABOUT, ""))

    def _name_rdf(self, name: str) -> None:
        if self.dialect == "RDF":
            space = name.rpartition(SEPARATOR)[0]
            self.dialect = {RSS_1_0: "RSS 1.0", RSS_0_90: "RSS 0.90"}.get(space, "RSS in RDF")

    def _start_in_entry(self, name: str, attributes: dict[str, str]) -> None:
        if self._depth == self._entry_depth + 1:
            self._start_field(ENTRY_ROLES.get(name), name, attributes)
        elif self._person_depth and self._depth == self._person_depth + 1 and name in NAMES_OF_PERSONS:
            self._start_field(Role.AUTHOR, name, attributes)

    def _start_field(self, role: Role | None, name: str, attributes: dict[str, str]) -> None:
        match role:
            case None:
                return
            case Role.PERSON:
                self._person_depth = self._depth
            case Role.ATOM_LINK:
                self._take_atom_link(attributes)
            case Role.TERM:
                self._draft.add_category(attributes.get("label") or attributes.get("term", ""))
            case Role.ID if attributes.get("isPermaLink", "true").lower() != "false":
                self._begin_field(role, also_permalink=True)
            case Role.TITLE | Role.SUMMARY | Role.CONTENT:
                kind = _kind_of_text(name, attributes)
                if kind is not None:
                    self._begin_field(role, is_markup=kind)
            case _:
                self._begin_field(role)

    def _begin_field(self, role: Role, *, is_markup: bool = True, also_permalink: bool = False) -> None:
        self._field = _Field(role, self._depth, is_markup, also_permalink)
        self._parts.clear()

    def _take_atom_link(self, attributes: dict[str, str]) -> None:
        # the first alternate is the page; others are other languages or forms of it
        if attributes.get("rel", "alternate") == "alternate" and not self._draft.has(Role.LINK):
            base = _based(attributes, self._draft.base)
            self._draft.note(Role.LINK, absolute(attributes.get("href", "").strip(), base=base))

    def _end_field(self, ended: _Field, text: str) -> None:
        self._field = None
        match ended.role:
            case Role.AUTHOR:
                self._draft.add_author(text)
            case Role.CATEGORY:
                self._draft.add_category(text)
            case role:
                self._draft.note(role, text, is_markup=ended.is_markup)
        if ended.also_permalink and text.strip().startswith(("http://", "https://")):
            self._draft.note(Role.PERMALINK, text)


def _based(attributes: dict[str, str], base: str) -> str:
    """The base that holds in an element with these attributes, when `base` holds around it."""
    told = attributes.get(XML_BASE)
    return absolute(told.strip(), base=base) or base if told else base


def _kind_of_text(name: str, attributes: dict[str, str]) -> bool | None:
    """Whether a text is HTML that was escaped; None when it is no text at all, but an image, say."""
    if name.rpartition(SEPARATOR)[0] not in ATOM_NAMESPACES:
        return True
    if attributes.get("mode") == "base64" or "src" in attributes:
        return None
    kind = attributes.get("type", "text").lower()
    if kind in _MARKUP_TYPES:
        # Atom 0.3 has the markup as elements unless it says otherwise
        return attributes.get("mode", "escaped") == "escaped"
    return False if kind in _PLAIN_TYPES or kind.startswith("text/") else None
