"""The bytes of a feed as UTF-8, whatever they were written in."""

import codecs
import re

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

# Only what is text and is decoded in time that grows with its length: Python knows codecs that unpack,
# escape or transcribe too.
_CODECS: dict[str, str] = {
    "utf-8": "utf-8 utf8 unicode-1-1-utf-8 us-ascii ascii",
    "utf-16": "utf-16 utf16 utf-16le utf-16be utf-16-le utf-16-be ucs-2 iso-10646-ucs-2 unicode",
    "utf-32": "utf-32 utf32 utf-32le utf-32be ucs-4",
    # as browsers do: whoever says latin-1 has the quotes of Windows too
    "cp1252": "iso-8859-1 iso8859-1 latin1 latin-1 l1 windows-1252 cp1252 x-cp1252",
    "cp874": "windows-874 cp874 tis-620 iso-8859-11",
    "koi8-r": "koi8-r koi8 koi",
    "koi8-u": "koi8-u",
    "mac-roman": "macintosh mac-roman x-mac-roman",
    "cp437": "cp437 ibm437",
    "cp850": "cp850 ibm850",
    "cp866": "cp866 ibm866",
    "gb18030": "gb2312 gbk gb18030 x-gbk cp936 euc-cn",
    "big5hkscs": "big5 big5-hkscs x-x-big5",
    "shift_jis": "shift-jis shiftjis sjis x-sjis",
    "cp932": "windows-31j cp932 ms-kanji",
    "euc_jp": "euc-jp eucjp x-euc-jp",
    "iso2022_jp": "iso-2022-jp",
    "cp949": "euc-kr euckr ks-c-5601-1987 cp949 windows-949",
}
_CODEC_OF = {label: codec for codec, labels in _CODECS.items() for label in labels.split()}
_CODEC_OF |= {f"iso-8859-{n}": f"iso-8859-{n}" for n in (2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 15, 16)}
_CODEC_OF |= {f"{kind}{n}": f"cp{n}" for n in range(1250, 1259) if n != 1252 for kind in ("windows-", "cp")}


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
    codec = _codec(told[1]) if told is not None else ""
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
    codec = _codec(label)
    if not codec:
        raise FeedError(
            source,
            f"the feed is in the encoding {label[:40]!r}, which nobody here knows",
            "Tell its publisher",
        )
    return body if codec.startswith(_WIDE) else _recoded(body, codec, source=source)


def _codec(label: str) -> str:
    return _CODEC_OF.get(label.strip().lower().replace("_", "-"), "")


def _recoded(body: bytes, codec: str, *, source: str) -> bytes:
    if codec == "utf-8":
        return body  # expat finds out by itself
    try:
        return body.decode(codec).encode("utf-8")
    except UnicodeError as error:
        at = getattr(error, "start", 0)
        raise IllFormedFeed(source, f"byte {at} of the feed is not in its encoding, {codec}") from error
