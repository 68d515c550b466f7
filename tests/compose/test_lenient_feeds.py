"""Ill-formed feeds, and that it is said that they were."""

import threading
import time

import pytest

from doorward.compose import lenient_feeds
from doorward.compose.lenient_feeds import BODY_BYTES, LenientFeeds
from doorward.core.errors import FeedError, IllFormedFeed
from doorward.core.feeds import Feed
from doorward.errands.feeds.lenient import may_be_read_leniently
from doorward.errands.feeds.parsing import parse_feed
from tests.errands.feeds.documents import URL, rss

TWO = rss(
    "<title>a &nbsp; b & c</title><link>/1</link><guid>urn:1</guid><author>Ada</author>"
    "<category>x</category>",
    "<title>two</title><description>&lt;b&gt;it goes on</description>",
)


async def read_leniently(body: bytes, reader: LenientFeeds | None = None, *, most_entries: int = 100) -> Feed:
    with pytest.raises(IllFormedFeed) as caught:
        parse_feed(body, url=URL)
    return await (reader or LenientFeeds()).read(
        body, content_type="text/xml", most_entries=most_entries, error=caught.value
    )


async def test_an_ill_formed_feed_is_read_and_it_is_said_that_it_was() -> None:
    feed = await read_leniently(TWO)
    first, second = feed.entries
    assert (first.key, first.title, first.link) == ("urn:1", "a b & c", "http://feeds.example.org/1")
    assert (first.authors, first.categories) == (("Ada",), ("x",))
    assert (second.title, second.summary) == ("two", "it goes on")
    assert not feed.is_whole
    assert feed.notes[0].startswith("the feed is not well-formed XML: undefined entity in line 1, column")
    assert feed.notes[0].endswith("It was read leniently, so entries may be missing or wrong")


async def test_a_feed_in_another_encoding_than_it_says_is_read() -> None:
    body = b'<?xml version="1.0" encoding="utf-8"?>' + rss("<title>caf?</title>").replace(b"?<", b"\xe9<")
    assert (await read_leniently(body)).entries[0].title == "café"


async def test_more_entries_than_may_be_are_told() -> None:
    feed = await read_leniently(TWO, most_entries=1)
    assert len(feed.entries) == 1
    assert feed.notes[1] == "only the first 1 entries were read, and there are more"


async def test_what_nothing_can_be_made_of_is_an_error() -> None:
    with pytest.raises(FeedError, match="nothing could be made of it"):
        await read_leniently(b"<rss>" + b"&;" * 10)


async def test_entities_are_never_left_to_somebody_more_lenient() -> None:
    body = b"junk <!DOCTYPE rss [<!ENTITY a 'b'>]>" + rss("<title>&a;</title>")
    with pytest.raises(FeedError, match="declares entities, so it is refused"):
        await read_leniently(body)


@pytest.mark.parametrize("opened", [b"<!DOCTYPE", b"<!DOCTYPE ", b"<!                    "])
def test_looking_for_entities_takes_time_that_grows_with_the_document(opened: bytes) -> None:
    body = opened * (BODY_BYTES // len(opened))
    began = time.process_time()
    assert may_be_read_leniently(body)
    # with each beginning looked at to its end and back, it was more than five
    assert time.process_time() - began < 2


async def test_the_loop_is_free_while_a_feed_is_looked_over_and_built(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    threads: list[str] = []
    for name in ("may_be_read_leniently", "feed_from"):
        really = getattr(lenient_feeds, name)

        def noted(*words: object, really=really, **options: object) -> object:  # type: ignore[no-untyped-def]
            threads.append(threading.current_thread().name)
            return really(*words, **options)

        monkeypatch.setattr(lenient_feeds, name, noted)
    assert len((await read_leniently(TWO)).entries) == 2
    assert len(threads) == 2
    assert threading.main_thread().name not in threads


async def test_what_is_too_large_is_not_tried() -> None:
    with pytest.raises(FeedError, match="too large to be read leniently"):
        await read_leniently(rss("<title>a & b</title>" + " " * BODY_BYTES))


async def test_what_takes_too_long_is_given_up() -> None:
    body = rss(*["<title>a &nbsp; b</title>"] * 100_000)
    with pytest.raises(FeedError, match="reading it leniently took too"):
        await read_leniently(body, LenientFeeds(cpu_seconds=1))
    with pytest.raises(FeedError, match="reading it leniently took too long"):
        await read_leniently(body, LenientFeeds(seconds=0.1))
