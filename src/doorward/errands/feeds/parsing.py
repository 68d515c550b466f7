"""The bytes of a feed to a `Feed`."""

from dataclasses import dataclass
from html.entities import html5
from xml.parsers import expat

from doorward.core.errors import FeedError, IllFormedFeed
from doorward.core.feeds import Feed
from doorward.core.limits import Limits
from doorward.errands.feeds.encodings import to_utf8
from doorward.errands.feeds.names import refuse_growing_names
from doorward.errands.feeds.reader import Enough, FeedReader, ForeignRoot, Refused
from doorward.errands.feeds.strangers import begins_like_a_feed, html_error, stranger_error
from doorward.errands.feeds.vocabulary import SEPARATOR

_PIECE_BYTES = 1024 * 1024
"""
Expat up to 2.5 reads a token again with each piece that it grows by, so that many small pieces cost the
square of its length; one piece of all would keep other threads waiting. Source: CVE-2023-52425.
"""

_ENDED_EARLY = frozenset(
    {
        expat.errors.codes[message]
        for message in (
            expat.errors.XML_ERROR_NO_ELEMENTS,
            expat.errors.XML_ERROR_UNCLOSED_TOKEN,
            expat.errors.XML_ERROR_PARTIAL_CHAR,
            expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION,
        )
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedBounds:
    """
    How large a feed may be.

    Attributes:
        body_bytes: of the document, unpacked.
        entries: of which the first are read, and no more.
    """

    body_bytes: int = 16 * 1024 * 1024
    entries: int = 10_000

    @classmethod
    def within(cls, limits: Limits) -> "FeedBounds":
        """The bounds that the limits of feeds are."""
        return cls(body_bytes=limits.feed_bytes, entries=limits.feed_entries)


def parse_feed(body: bytes, *, url: str, content_type: str = "", bounds: FeedBounds | None = None) -> Feed:
    """
    What `body` says.

    Takes time and memory that grow with its length and with nothing else: no document type is fetched, and
    one that declares anything is refused, so that no entity can grow.

    Args:
        body: the whole document.
        url: where it came from: links that are relative are seen from there, and errors name it.
        content_type: the header of HTTP, for the charset in it; empty for none.
        bounds: left out, the usual ones.

    Raises:
        FeedError: it is no feed (an HTML page says so), is cut short, too large, nested too deeply, declares
            entities, has names that grow, or is in an unknown encoding.
        IllFormedFeed: it means to be a feed, and is no XML.
    """
    bounds = bounds or FeedBounds()
    if len(body) > bounds.body_bytes:
        raise FeedError(
            url,
            f"the feed is larger than {bounds.body_bytes} bytes",
            "limits.feed_bytes says how large it may be",
        )
    if not body.strip():
        raise FeedError(url, "the answer is empty, so this is no feed")
    document = to_utf8(body, content_type=content_type, source=url)
    reader = FeedReader(url=url, most_entries=bounds.entries)
    notes: tuple[str, ...] = ()
    try:
        _parse(document, reader)
    except Enough:
        notes = (f"only the first {bounds.entries} entries were read, and there are more",)
    except Refused as refusal:
        raise FeedError(url, f"the feed is refused: {refusal}") from None
    except ForeignRoot as root:
        raise _foreign(str(root), document, url) from None
    except expat.ExpatError as error:
        raise _broken(error, document, reader, url) from None
    if not reader.has_channel:
        raise FeedError(url, "there is no channel in it, so this is no feed")
    return Feed(
        dialect=reader.dialect,
        title=reader.head.title(),
        link=reader.head.page(),
        updated=reader.head.moment(),
        entries=tuple(reader.entries),
        notes=notes,
        is_whole=not notes,
    )


def _parse(document: bytes, reader: FeedReader) -> None:
    refuse_growing_names(document)
    # None: it keeps no name; each is written out with its namespace, and a document can have millions
    parser = expat.ParserCreate("utf-8", SEPARATOR, None)
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_document_type
    parser.EntityDeclHandler = _refuse_entity
    parser.SkippedEntityHandler = lambda name, _: reader.receive_entity(name, html5.get(f"{name};", ""))
    parser.StartElementHandler = reader.receive_start
    parser.EndElementHandler = reader.receive_end
    parser.CharacterDataHandler = reader.receive_text
    try:
        for at in range(0, len(document), _PIECE_BYTES):
            parser.Parse(document[at : at + _PIECE_BYTES], False)
        parser.Parse(b"", True)
    finally:
        # the handlers hold the reader, and the lambda the parser's own
        parser.SkippedEntityHandler = None


def _refuse_document_type(
    name: str,
    _system: str | None,
    _public: str | None,
    has_declarations: int,
) -> None:
    # one that names RSS 0.91 and declares nothing is harmless: nobody fetches what it names
    if name.lower() == "html":
        raise ForeignRoot("html")
    if has_declarations:
        raise Refused("it has a document type of its own, which could have entities that grow")


def _refuse_entity(*_: object) -> None:
    raise Refused("it declares an entity")


def _foreign(root: str, document: bytes, url: str) -> FeedError:
    if root.lower() == "html":
        return html_error(document, url=url)
    return FeedError(url, f"this is XML that begins with <{root[:40]}>, and no feed")


def _broken(error: expat.ExpatError, document: bytes, reader: FeedReader, url: str) -> FeedError:
    # a feed may stand behind something that is no XML, such as a warning of PHP
    if not reader.dialect and not begins_like_a_feed(document):
        return stranger_error(document, url=url)
    if error.code in _ENDED_EARLY:
        seen = len(reader.entries)
        return FeedError(
            url,
            f"the feed is cut short: it ends in line {error.lineno}, after {seen} whole entries",
            "Try again later; if it stays so, tell its publisher",
        )
    said = expat.ErrorString(error.code)
    return IllFormedFeed(
        url, f"the feed is not well-formed XML: {said} in line {error.lineno}, column {error.offset}"
    )
