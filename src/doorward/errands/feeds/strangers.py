"""What came when it was no feed: to be told in words, with what to do about it."""

import re
from html import unescape

from doorward.core.errors import FeedError
from doorward.errands.feeds.building import absolute

_LOOKED_AT_BYTES = 64 * 1024
_HTML = re.compile(rb"\s{0,100}(?:<!--[^<>]{0,500}-->\s{0,100})?<(?:!doctype\s+html|html)\b", re.IGNORECASE)
_LINK = re.compile(r"<link\b[^<>]{1,1000}>", re.IGNORECASE)
_HREF = re.compile(r"""\bhref\s{0,9}=\s{0,9}(?:"([^"]{1,900})"|'([^']{1,900})')""", re.IGNORECASE)
_OF_FEED = re.compile(r"application/(?:rss|atom)\+xml", re.IGNORECASE)
_FEED = re.compile(rb"<(?:rss|rdf:RDF|feed)[\s>]")
_FEED_WITHIN_BYTES = 4096


def begins_like_a_feed(body: bytes) -> bool:
    """Whether a feed's first element stands near the beginning of `body`, which is no page for a browser."""
    return not is_html(body) and _FEED.search(body[:_FEED_WITHIN_BYTES]) is not None


def is_html(body: bytes) -> bool:
    """Whether `body` begins as a page for a browser does."""
    return _HTML.match(body[:_LOOKED_AT_BYTES]) is not None


def html_error(body: bytes, *, url: str) -> FeedError:
    """The error that a page instead of a feed is; where the page names its feed, that is the next step."""
    text = body[:_LOOKED_AT_BYTES].decode("utf-8", "replace")
    for link in _LINK.findall(text):
        href = _HREF.search(link)
        if href is not None and _OF_FEED.search(link):
            named = absolute(unescape(href[1] or href[2]).strip(), base=url)
            return FeedError(url, "this is an HTML page, not a feed", f"The page names a feed: {named}")
    return FeedError(
        url,
        "this is an HTML page, not a feed",
        "Open it in a browser: it may be an error page, a login, or tell where the feed is now",
    )


def stranger_error(body: bytes, *, url: str) -> FeedError:
    """The error that something without a root element of XML is."""
    if is_html(body):
        return html_error(body, url=url)
    begin = body.lstrip()[:1]
    if begin in {b"{", b"["}:
        return FeedError(url, "this looks like JSON, not like RSS or Atom", "Ask for the feed in XML")
    if body[:2] == b"\x1f\x8b":
        return FeedError(url, "this is packed with gzip, and the server did not say so")
    return FeedError(url, "this is no XML, so no feed", "Look at what comes from there: doorward fetch URL")
