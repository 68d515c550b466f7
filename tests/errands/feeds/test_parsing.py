"""What feeds say, in every dialect."""

from datetime import UTC, datetime

import pytest

from doorward.core.feeds import SUMMARY_CHARACTERS, TITLE_CHARACTERS
from doorward.errands.feeds.parsing import FeedBounds, parse_feed
from tests.errands.feeds.documents import ALL, ATOM_1_0, NVD, RSS_0_91, RSS_1_0, RSS_2_0, URL, rss


@pytest.mark.parametrize("dialect", ALL)
def test_every_dialect_says_the_same(dialect: str) -> None:
    feed = parse_feed(ALL[dialect].encode("latin-1" if "ISO-8859-1" in ALL[dialect] else "utf-8"), url=URL)
    assert (feed.dialect, feed.title, feed.link) == (dialect, "Café news", "http://feeds.example.org/")
    assert feed.updated == datetime(2025, 11, 24, 10, tzinfo=UTC)
    first, second = feed.entries
    assert (first.title, first.link, first.summary) == ("First", "http://feeds.example.org/1", "It begins.")
    assert (second.title, second.link, second.summary) == (
        "Second",
        "http://feeds.example.org/2",
        "It goes on.",
    )
    assert feed.is_whole
    assert not feed.notes


@pytest.mark.parametrize("document", [RSS_1_0, RSS_2_0, ATOM_1_0])
def test_dates_authors_and_categories_are_read(document: str) -> None:
    first, second = parse_feed(document.encode(), url=URL).entries
    assert first.published == datetime(2025, 11, 23, tzinfo=UTC)
    assert second.published == datetime(2025, 11, 24, tzinfo=UTC)
    assert (first.authors, second.authors) == (("Ada",), ("Bob",))
    assert (first.categories, second.categories) == (("one",), ("two",))


def test_an_entry_is_called_by_its_guid_else_its_link_else_what_it_says() -> None:
    body = rss(
        "<guid>urn:1</guid><link>http://e.org/1</link>",
        "<link>http://e.org/2</link><title>x</title>",
        "<title>x</title><description>y</description>",
        "<title>x</title><description>z</description>",
        f"<guid>{'g' * 5000}</guid>",
    )
    keys = [entry.key for entry in parse_feed(body, url=URL).entries]
    assert keys[:2] == ["urn:1", "http://e.org/2"]
    assert all(key.startswith("sha256:") and len(key) == 71 for key in keys[2:])
    assert len(set(keys)) == 5
    assert [entry.key for entry in parse_feed(RSS_1_0.encode(), url=URL).entries] == ["urn:1", "urn:2"]
    assert [entry.key for entry in parse_feed(body, url=URL).entries] == keys


def test_a_guid_is_the_link_only_where_it_may_be() -> None:
    body = rss(
        "<guid>http://e.org/1</guid>",
        '<guid isPermaLink="false">http://e.org/2</guid>',
        "<guid>3</guid>",
    )
    assert [entry.link for entry in parse_feed(body, url=URL).entries] == ["http://e.org/1", "", ""]


def test_links_are_seen_from_the_feed_and_from_its_base() -> None:
    assert parse_feed(rss("<link>../1</link>"), url=URL).entries[0].link == "http://feeds.example.org/1"
    assert parse_feed(rss("<link>http://[</link>"), url=URL).entries[0].link == "http://["
    assert parse_feed(rss("<link>//[</link>"), url=URL).entries[0].link == ""
    based = ATOM_1_0.replace("<entry>", '<entry xml:base="deep/">', 1)
    assert parse_feed(based.encode(), url=URL).entries[0].link == "http://feeds.example.org/deep/1"


def test_the_titles_of_the_national_vulnerability_database_are_read() -> None:
    feed = parse_feed(NVD.read_bytes(), url=URL)
    assert (feed.dialect, feed.title, len(feed.entries)) == (
        "RSS 1.0",
        "National Vulnerability Database",
        1404,
    )
    assert len({entry.key for entry in feed.entries}) == 1404
    assert all(entry.title.startswith("CVE-") and entry.published and entry.summary for entry in feed.entries)
    assert feed.entries[0].title == "CVE-2025-48384 (git)"


def test_text_that_is_no_markup_in_atom_stays_as_it_is() -> None:
    document = ATOM_1_0.replace(">Second<", ">a &lt;b&gt; &amp;amp; c<")
    assert parse_feed(document.encode(), url=URL).entries[1].title == "a <b> &amp; c"
    assert (
        parse_feed(rss("<title>AT&amp;amp;T &lt;b&gt;now&lt;/b&gt;</title>"), url=URL).entries[0].title
        == "AT&T now"
    )


def test_an_image_is_no_summary() -> None:
    document = ATOM_1_0.replace(
        "<summary>It begins.</summary><content type", '<content type="image/png">aaaa</content><content type'
    )
    assert parse_feed(document.encode(), url=URL).entries[0].summary == "The whole of it."


def test_texts_are_cut_and_show_it() -> None:
    body = rss(f"<title>{'t' * 5000}</title><description>{'word ' * 20_000}</description>")
    (entry,) = parse_feed(body, url=URL).entries
    assert (len(entry.title), entry.title[-2:]) == (TITLE_CHARACTERS, "t…")
    assert (len(entry.summary), entry.summary[-1]) == (SUMMARY_CHARACTERS, "…")


def test_more_entries_than_may_be_are_told() -> None:
    body = rss(*(f"<title>{number}</title>" for number in range(11)))
    feed = parse_feed(body, url=URL, bounds=FeedBounds(entries=10))
    assert len(feed.entries) == 10
    assert feed.notes == ("only the first 10 entries were read, and there are more",)
    assert not feed.is_whole
    assert parse_feed(body, url=URL, bounds=FeedBounds(entries=11)).is_whole


def test_authors_and_categories_are_bounded() -> None:
    (entry,) = parse_feed(rss("".join(f"<category>{n}</category>" for n in range(500))), url=URL).entries
    assert len(entry.categories) == 32


def test_a_feed_without_entries_is_one() -> None:
    assert parse_feed(rss(), url=URL).entries == ()


def test_an_entity_of_html_is_known_where_a_document_type_is_named_that_nobody_fetches() -> None:
    document = RSS_0_91.replace("First", "&nbsp;a&mdash;b &zilch; c")
    assert parse_feed(document.encode("latin-1"), url=URL).entries[0].title == "a—b &zilch; c"


def test_white_space_in_front_does_no_harm() -> None:
    assert parse_feed(b"\n  " + RSS_2_0.encode(), url=URL).title == "Café news"
