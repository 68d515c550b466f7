"""
The elements of the dialects, by the names that expat gives them: the namespace, a space, the local name.

Source: RSS 0.90 and 0.91 of Netscape; 0.92 and 2.0 of UserLand and the RSS Advisory Board; 1.0 with its
modules content and dc, web.resource.org/rss/1.0/; RFC 4287 for Atom 1.0; the Atom Syndication Format 0.3.
"""

import enum

SEPARATOR = " "
"""Between namespace and name; no namespace of a document can hold it: expat refuses a name with one."""

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RSS_1_0 = "http://purl.org/rss/1.0/"
RSS_0_90 = "http://my.netscape.com/rdf/simple/0.9/"
ATOM_1_0 = "http://www.w3.org/2005/Atom"
ATOM_0_3 = "http://purl.org/atom/ns#"
XML_BASE = f"http://www.w3.org/XML/1998/namespace{SEPARATOR}base"
RDF_ABOUT = f"{RDF}{SEPARATOR}about"

_RSS = (
    "",
    RSS_1_0,
    RSS_0_90,
    "http://channel.netscape.com/rdf/simple/0.9/",
    "http://backend.userland.com/rss2",
    "http://backend.userland.com/RSS2",
    "http://blogs.law.harvard.edu/tech/rss",
    "http://cyber.law.harvard.edu/rss/rss.html",
)
_ATOM = (ATOM_1_0, ATOM_0_3, "http://purl.org/atom/ns")
_DC = ("http://purl.org/dc/elements/1.1/", "http://purl.org/dc/elements/1.0/")
_DC_TERMS = ("http://purl.org/dc/terms/",)
_CONTENT = ("http://purl.org/rss/1.0/modules/content/",)


class Role(enum.IntEnum):
    """What an element is to us, wherever it comes from."""

    ID = enum.auto()
    TITLE = enum.auto()
    LINK = enum.auto()
    PERMALINK = enum.auto()
    ATOM_LINK = enum.auto()
    SUMMARY = enum.auto()
    CONTENT = enum.auto()
    PUBLISHED = enum.auto()
    UPDATED = enum.auto()
    AUTHOR = enum.auto()
    PERSON = enum.auto()
    CATEGORY = enum.auto()
    TERM = enum.auto()


def _names(namespaces: tuple[str, ...], *local_names: str) -> list[str]:
    return [f"{space}{SEPARATOR}{name}" if space else name for space in namespaces for name in local_names]


def _roles(*rows: tuple[Role, tuple[str, ...], tuple[str, ...]]) -> dict[str, Role]:
    return {name: role for role, spaces, local in rows for name in _names(spaces, *local)}


ROOTS: dict[str, str] = (
    dict.fromkeys(_names(_RSS, "rss"), "RSS")
    | {f"{RDF}{SEPARATOR}RDF": "RDF", f"{ATOM_1_0}{SEPARATOR}feed": "Atom 1.0"}
    | dict.fromkeys(_names(_ATOM[1:], "feed"), "Atom 0.3")
)
"""What the first element makes of a document; the version of RSS stands in an attribute."""

CHANNELS = frozenset(_names(_RSS, "channel"))
ENTRIES = frozenset(_names(_RSS, "item") + _names(_ATOM, "entry"))

ENTRY_ROLES: dict[str, Role] = _roles(
    (Role.TITLE, _RSS + _ATOM + _DC, ("title",)),
    (Role.LINK, _RSS, ("link",)),
    (Role.ATOM_LINK, _ATOM, ("link",)),
    (Role.ID, _RSS, ("guid",)),
    (Role.ID, _ATOM, ("id",)),
    (Role.SUMMARY, _RSS + _DC, ("description",)),
    (Role.SUMMARY, _ATOM, ("summary",)),
    (Role.CONTENT, _CONTENT, ("encoded",)),
    (Role.CONTENT, _ATOM, ("content",)),
    (Role.PUBLISHED, _RSS, ("pubDate",)),
    (Role.PUBLISHED, _DC, ("date",)),
    (Role.PUBLISHED, _ATOM, ("published", "issued")),
    (Role.PUBLISHED, _DC_TERMS, ("issued", "created")),
    (Role.UPDATED, _ATOM, ("updated", "modified")),
    (Role.UPDATED, _DC_TERMS, ("modified",)),
    (Role.AUTHOR, _RSS, ("author",)),
    (Role.AUTHOR, _DC, ("creator",)),
    (Role.PERSON, _ATOM, ("author",)),
    (Role.CATEGORY, _RSS, ("category",)),
    (Role.CATEGORY, _DC, ("subject",)),
    (Role.TERM, _ATOM, ("category",)),
)
"""The children of an entry that are looked at."""

FEED_ROLES: dict[str, Role] = _roles(
    (Role.TITLE, _RSS + _ATOM, ("title",)),
    (Role.LINK, _RSS, ("link",)),
    (Role.ATOM_LINK, _ATOM, ("link",)),
    (Role.UPDATED, _RSS, ("lastBuildDate", "pubDate")),
    (Role.UPDATED, _DC, ("date",)),
    (Role.UPDATED, _ATOM, ("updated", "modified")),
)
"""The children of a channel, or of Atom's feed."""

NAMES_OF_PERSONS = frozenset(_names(_ATOM, "name"))
ATOM_NAMESPACES = frozenset(_ATOM)
