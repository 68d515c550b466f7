"""Whatever comes: a feed, or the documented error."""

from datetime import UTC

from hypothesis import example, given
from hypothesis import strategies as st

from doorward.core.errors import FeedError
from doorward.core.feeds import SUMMARY_CHARACTERS, TITLE_CHARACTERS, Feed
from doorward.errands.feeds.parsing import FeedBounds, parse_feed
from tests.errands.feeds.documents import ALL, URL

DOCUMENTS = [text.encode("latin-1" if "ISO-8859-1" in text else "utf-8") for text in ALL.values()]
PIECES = [
    *(b"<rss version='2.0'>", b"</rss>", b"<channel>", b"</channel>", b"<item>", b"</item>", b"<entry>"),
    *(b"<feed xmlns='http://www.w3.org/2005/Atom'>", b"</feed>", b"</entry>", b"<title>", b"</title>"),
    *(b"<author><name>", b"</name></author>", b"<link href='x'/>", b"<guid>", b"</guid>", b"<pubDate>"),
    *(
        b"</pubDate>",
        b"2025-11-24",
        b"&amp;",
        b"&#x202e;",
        b"&lt;p&gt;",
        b"<![CDATA[",
        b"]]>",
        b"<!--",
        b"-->",
    ),
    *(
        b"<!DOCTYPE rss [",
        b"<!ENTITY a 'b'>",
        b"]>",
        b"&a;",
        b"\xff\xfe",
        b"\0",
        b"\x1b[31m",
        b"\xc3\xa9",
        b"\xe9",
    ),
    *(
        b"<?xml version='1.0' encoding='utf-16'?>",
        b"xmlns='http://purl.org/rss/1.0/'",
        b"<",
        b">",
        b"'",
        b" ",
    ),
]
mutated = st.builds(
    lambda document, at, cut, put: (
        document[: at % len(document)] + put + document[at % len(document) + cut :]
    ),
    st.sampled_from(DOCUMENTS),
    st.integers(0, 5000),
    st.integers(0, 300),
    st.one_of(st.binary(max_size=20), st.sampled_from(PIECES)),
)
bodies = st.one_of(st.binary(max_size=2000), st.lists(st.sampled_from(PIECES)).map(b"".join), mutated)
content_types = st.one_of(st.just(""), st.text(max_size=60), st.just("text/xml; charset=utf-16"))


def check(feed: Feed, most: int) -> None:
    assert len(feed.entries) <= most
    for entry in feed.entries:
        assert 0 < len(entry.key) <= 1000
        assert len(entry.title) <= TITLE_CHARACTERS
        assert len(entry.summary) <= SUMMARY_CHARACTERS
        assert "\n" not in entry.title
        assert entry.published is None or entry.published.tzinfo is UTC


@given(bodies, content_types)
@example(b"\xff\xfe\x00\xd8", "")
@example(b"<rss><channel><item><link>//[</link></item></channel></rss>", "")
def test_any_bytes_are_a_feed_or_the_documented_error(body: bytes, content_type: str) -> None:
    try:
        feed = parse_feed(body, url=URL, content_type=content_type, bounds=FeedBounds(entries=3))
    except FeedError as error:
        said = str(error)
    else:
        said = ""
        check(feed, 3)
    assert len(said) < 500
    assert said.isprintable()


@given(st.text(max_size=300))
def test_any_text_in_a_title_comes_out_on_one_line(text: str) -> None:
    escaped = "".join(f"&#{ord(c)};" if 0xD800 > ord(c) >= 32 or ord(c) in (9, 10, 13) else "?" for c in text)
    body = f"<rss><channel><item><title>{escaped}</title></item></channel></rss>"
    (entry,) = parse_feed(body.encode(), url=URL).entries
    assert "\n" not in entry.title
