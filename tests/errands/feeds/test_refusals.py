"""What is no feed, or none that may be read: each told by the documented error."""

import time
import tracemalloc
from collections.abc import Callable

import pytest

from doorward.core.errors import FeedError, IllFormedFeed
from doorward.errands.feeds.parsing import FeedBounds, parse_feed
from tests.errands.feeds.documents import ALL, RSS_2_0, URL, rss
from tests.plugins.soak import IS_SOAK

BOMB = """<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>
<rss version="2.0"><channel><title>&c;</title></channel></rss>"""


def refusal(body: bytes, content_type: str = "") -> FeedError:
    with pytest.raises(FeedError) as caught:
        parse_feed(body, url=URL, content_type=content_type)
    assert str(caught.value).startswith(URL)
    return caught.value


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "the answer is empty"),
        (b" \n\t ", "the answer is empty"),
        (b"<!DOCTYPE html><html><head><title>Sorry</title></head></html>", "an HTML page, not a feed"),
        (b"\n<!-- made by hand -->\n<HTML><p>Sorry", "an HTML page, not a feed"),
        (b'<html xmlns="http://www.w3.org/1999/xhtml"><body/></html>', "an HTML page, not a feed"),
        (b"<!DOCTYPE HTML><p>Log in", "an HTML page, not a feed"),
        (b'{"version": "https://jsonfeed.org/version/1.1"}', "JSON"),
        (b"\x1f\x8b\x08\0\0\0", "gzip"),
        (b"Service unavailable", "no XML"),
        (b"<svg/>", "begins with <svg>"),
        (b'<rss version="2.0"/>', "no channel"),
        (b'<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>', "no channel"),
        (BOMB.encode(), "document type of its own"),
        (BOMB.encode("utf-16"), "document type of its own"),
        (b'<!DOCTYPE rss SYSTEM "file:///etc/passwd" [ ]><rss><channel/></rss>', "document type of its own"),
        (rss("<a>" * 200 + "</a>" * 200), "nested more than 100 deep"),
        (rss("<description>" + "<a>" * 200 + "</a>" * 200 + "</description>"), "nested more than 100 deep"),
        (rss(f'<a xmlns:x\n=\n"{"u" * 257}"/>'), "a namespace in it has more than 256 characters"),
        (rss(f"<a b='{'u' * 300}' xmlns='{'u' * 257}'/>"), "a namespace in it has more than 256 characters"),
        (rss("<a " + " ".join(f"b{i}='>'" for i in range(1001)) + "/>"), "more than 1000 attributes"),
        (b'<?xml version="1.0" encoding="x-klingon"?><rss/>', "'x-klingon', which nobody here knows"),
        (b'<?xml version="1.0" encoding="zlib_codec"?><rss/>', "which nobody here knows"),
        (b'<?xml version="1.0" encoding="unicode_escape"?><rss/>', "which nobody here knows"),
    ],
)
def test_what_is_no_feed_is_told_as_what_it_is(body: bytes, said: str) -> None:
    error = refusal(body)
    assert said in str(error)
    assert not isinstance(error, IllFormedFeed)


def test_long_values_and_many_tags_are_no_reason_to_refuse() -> None:
    text = f"""xmlns="{"u" * 256}" <a xmlns="{"u" * 256}" b="{"u" * 5000}"/> xmlns {"<a b='1'/>" * 2000}"""
    feed = parse_feed(rss(f"<title>one</title><x>{text}</x>"), url=URL)
    assert [entry.title for entry in feed.entries] == ["one"]


def test_a_page_that_names_its_feed_is_told_with_it() -> None:
    link = b'<link rel="alternate" type="application/rss+xml" title="x" href="/feed.xml?a=1&amp;b=2">'
    assert (
        refusal(b"<!doctype html>" + link).next_step
        == "The page names a feed: http://feeds.example.org/feed.xml?a=1&b=2"
    )


def test_a_feed_that_is_too_large_is_told_with_its_limit() -> None:
    with pytest.raises(FeedError, match="larger than 100 bytes"):
        parse_feed(RSS_2_0.encode(), url=URL, bounds=FeedBounds(body_bytes=100))


@pytest.mark.parametrize("dialect", ALL)
def test_no_beginning_of_a_feed_passes_for_the_whole(dialect: str) -> None:
    whole = ALL[dialect].encode("latin-1" if "ISO-8859-1" in ALL[dialect] else "utf-8")
    for end in range(1, len(whole)):
        with pytest.raises(FeedError) as caught:
            parse_feed(whole[:end], url=URL)
        assert not isinstance(caught.value, IllFormedFeed), end


def test_a_feed_that_is_cut_says_where() -> None:
    error = refusal(RSS_2_0.encode()[:-40])
    assert "cut short: it ends in line" in str(error)
    assert "after 1 whole entries" in str(error)


@pytest.mark.parametrize(
    "body",
    [
        rss("<title>a & b</title>"),
        rss("<title>a&nbsp;b</title>"),
        rss("<title>caf\u00e9</title>").decode().encode("latin-1"),
        rss("<title>a</titel>"),
        rss("<unbound:title>a</unbound:title>"),
        rss("<title>\x00</title>"),
        rss() + rss(),
        b"Warning: something of PHP\n" + rss("<title>a</title>"),
        b'<?xml version="1.0" encoding="euc-jp"?>' + rss("<title>?</title>").replace(b"?", b"\xff\xff"),
    ],
)
def test_a_feed_that_is_no_xml_is_told_apart_for_somebody_more_lenient(body: bytes) -> None:
    assert isinstance(refusal(body), IllFormedFeed)


HEAVY: dict[str, Callable[[int], bytes]] = {
    "open tags": lambda n: rss("<title>" + "&lt;a" * n + "</title>"),
    "open scripts": lambda n: rss("<description>" + "&lt;script&gt;" * n + "</description>"),
    "open comments": lambda n: rss("<description>" + "&lt;!--" * n + "</description>"),
    "open quotes": lambda n: rss("<description>" + "&lt;a '" * n + "</description>"),
    "open entities": lambda n: rss("<description>" + "&amp;amp" * n + "</description>"),
    "titles": lambda n: rss("<title>a</title>" * n),
    "items": lambda n: rss(*[""] * n),
    "markup": lambda n: rss("<description>" + "x<b/>" * n + "</description>"),
    "names of attributes": lambda n: rss("".join(f'<a b{i}="1"/>' for i in range(n))),
    "attributes": lambda n: rss("<a " + " ".join(f'b{i}="1"' for i in range(n)) + "/>"),
    "namespaces": lambda n: rss("<a " + " ".join(f'xmlns:b{i}="u{i}"' for i in range(n)) + "/>"),
    "names in a long namespace": lambda n: rss(
        f'<a xmlns:x="{"u" * 2 * n}">' + "".join(f"<x:a{i}/>" for i in range(n // 4)) + "</a>"
    ),
    "attributes in a long namespace": lambda n: rss(
        f"<a xmlns:x = '{'u' * 2 * n}' " + " ".join(f'x:a{i}="1"' for i in range(n // 4)) + "/>"
    ),
    "attributes in a namespace": lambda n: rss(
        f'<a xmlns:x="{"u" * 200}" ' + " ".join(f'x:a{i}=">"' for i in range(n)) + "/>"
    ),
    "a long namespace of an entity": lambda n: (
        f'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY u "{"u" * 2 * n}">]>'.encode()
        + rss('<a xmlns:x="&u;" ' + " ".join(f'x:a{i}="1"' for i in range(n // 4)) + "/>")
    ),
    "names in a namespace": lambda n: rss(
        f'<a xmlns:x="{"u" * 200}">' + "".join(f"<x:a{i}/>" for i in range(n)) + "</a>"
    ),
    "long values": lambda n: rss("<a " + f'xmlns b="{"u" * 260}" ' * (n // 8) + "/>"),
    "namespaces in a row": lambda n: rss("<a " + "xmlns:" * n + "=''/>"),
    "links": lambda n: b"<feed xmlns='http://www.w3.org/2005/Atom'>" + b"<link href='x'/>" * n,
    "a comment": lambda n: rss(f"<!--{'x' * 80 * n}-->"),
    "a value": lambda n: rss(f'<a b="{"x" * 80 * n}"/>'),
    "channels": lambda n: b"<rss>" + b"<channel>" * 90 + b"x" * 80 * n,
    "smaller than": lambda n: b"<" * n,
    "comments": lambda n: b"<!--" * n,
    "links of a page": lambda n: b"<!DOCTYPE html>" + b"<link " * n,
    "declarations": lambda n: b"<?xml " + b" encoding" * n,
}


@pytest.mark.parametrize("kind", HEAVY)
def test_no_document_takes_time_or_memory_that_grows_faster_than_it(kind: str) -> None:
    body = HEAVY[kind](20_000 if not IS_SOAK else 150_000)
    began = time.process_time()
    tracemalloc.start()
    try:
        parse_feed(body, url=URL)
    except FeedError:
        pass
    finally:
        _, peak_bytes = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    # the square of these lengths would be minutes
    assert time.process_time() - began < 20
    assert peak_bytes < 100 * len(body) + 4_000_000
