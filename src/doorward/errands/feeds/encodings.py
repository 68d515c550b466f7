"""The bytes of a feed as UTF-8, whatever they were written in."""

import codecs
import re

from doorward.core.encodings import codec_of
from doorward.core.errors import FeedError, IllFormedFeed

# A BOM says it for sure; UTF-32 before UTF-16, whose mark is the beginning of its own.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# How `<?` and `<a` look without a mark. Source: appendix F of XML 1.0.
_LOOKS = (
    (b"<\0\0\0", "utf-32-le"),
    (b"\0\0\0<", "utf-32-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)

_WIDE = ("utf-16", "utf-32")

_DECLARED = re.compile(rb"""<\?xml\b[^<>]{0,200}?\sencoding\s{0,20}=\s{0,20}["']([^"'<>]{0,60})["']""")
_CHARSET = re.compile(r"""charset\s{0,20}=\s{0,20}["']?([^\s"';,]{1,60})""", re.IGNORECASE)
_DECLARATION_BYTES = 400


def to_utf8(body: bytes, *, content_type: str, source: str) -> bytes:
    """
    `body` in UTF-8, without a mark at its beginning.

    A mark counts most, then the charset of `content_type` unless the bytes are no such text, then what the
    XML declaration says, then UTF-8. Text that is in UTF-8 already is not looked at any closer.

    Args:
        body: as it came.
        content_type: the header of HTTP; empty for none.
        source: the address, for the errors.

    Raises:
        FeedError: the encoding that is declared is one that nobody here knows.
        IllFormedFeed: the bytes are not in the encoding that they are said to be in.

    Source: RFC 7303, section 3, for the order; real servers often put a charset there that is not true.
    """
    marked = _marked(body)
    if marked is not None:
        return _recoded(*marked, source=source)
    body = body.lstrip(b"\t\n\r ")
    told = _CHARSET.search(content_type[:1000])
    codec = codec_of(told[1]) if told is not None else ""
    # what begins like ASCII is not in one of these, whatever is said of it
    if codec and not codec.startswith(_WIDE):
        try:
            return _recoded(body, codec, source=source)
        except IllFormedFeed:
            pass  # the server was wrong; the document itself may know better
    return _as_declared(body, source=source)


def _marked(body: bytes) -> tuple[bytes, str] | None:
    """The text and the codec that its beginning gives away; None when it could be anything like ASCII."""
    for mark, codec in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :], codec
    for look, codec in _LOOKS:
        if body.startswith(look):
            return body, codec
    return None


def _as_declared(body: bytes, *, source: str) -> bytes:
    declared = _DECLARED.match(body[:_DECLARATION_BYTES])
    if declared is None:
        return body
    label = declared[1].decode("ascii", "replace")
    codec = codec_of(label)
    if not codec:
        raise FeedError(
            source,
            f"the feed is in the encoding {label[:40]!r}, which nobody here knows",
            "Tell its publisher",
        )
    return body if codec.startswith(_WIDE) else _recoded(body, codec, source=source)


def _recoded(body: bytes, codec: str, *, source: str) -> bytes:
    if codec == "utf-8":
        return body  # expat finds out by itself
    try:
        return body.decode(codec).encode("utf-8")
    except UnicodeError as error:
        at = getattr(error, "start", 0)
        raise IllFormedFeed(source, f"byte {at} of the feed is not in its encoding, {codec}") from error
