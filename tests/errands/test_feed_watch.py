"""Watching a feed at a real server, with everything on the way that can fail."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from email import message_from_bytes, policy

import pytest

from doorward.compose.fetching import FetchSession
from doorward.compose.lenient_feeds import LenientFeeds
from doorward.core.errors import ConnectError, FeedError, StateError
from doorward.core.feed_errands import FeedErrand
from doorward.core.mail import Mail
from doorward.core.mail_settings import MailSettings
from doorward.core.mailboxes import Mailbox
from doorward.core.schedules import Every
from doorward.errands.composing import Draft, compose
from doorward.errands.feed_source import FeedSource
from doorward.errands.feed_watch import FeedWatch, Watched
from doorward.errands.feeds.parsing import FeedBounds
from doorward.testing.clock import ManualClock
from doorward.testing.outbox import MemoryOutbox, MemorySeen
from tests.errands.feed_server import FeedServer, feed_server
from tests.errands.feeds.documents import NVD, rss

MARKS = "feed:news"


@dataclass
class House:
    server: FeedServer
    watch: FeedWatch
    outbox: MemoryOutbox
    seen: MemorySeen
    errand: FeedErrand
    clock: ManualClock

    def publish(self, *numbers: int, more: str = "") -> None:
        self.server.body = rss(
            *(
                f"<guid>urn:{n}</guid><title>title {n}</title><description>{more}</description>"
                for n in numbers
            )
        )

    async def look(self) -> Watched:
        return await self.watch.look(self.errand)

    async def fails(self, said: str) -> None:
        with pytest.raises((ConnectError, FeedError), match=said):
            await self.look()

    def subjects(self) -> list[str]:
        mails = self.outbox.put_mails
        return [str(message_from_bytes(mail.content, policy=policy.default)["Subject"]) for mail in mails]


@pytest.fixture
async def house() -> AsyncIterator[House]:
    clock = ManualClock()
    outbox = MemoryOutbox(clock)
    seen = MemorySeen(outbox)

    async def made(draft: Draft) -> Mail:
        return compose(draft, MailSettings(), wall_seconds=clock.wall(), token=secrets.token_hex(16))

    async with feed_server() as server, FetchSession() as session:
        source = FeedSource(fetcher=session, lenient=LenientFeeds(), bounds=FeedBounds(), seconds=20)
        errand = FeedErrand(
            name="news", url=server.url, timing=Every(3600), to=(Mailbox("alice@example.org"),)
        )
        watch = FeedWatch(feeds=source, seen=seen, compose=made, wall_seconds=clock.wall)
        yield House(server, watch, outbox, seen, errand, clock)


async def test_what_is_new_is_told_once(house: House) -> None:
    house.publish(1, 2)
    assert await house.look() == Watched(entries=2, new=2, told=0, is_first=True, mails=(1,))
    assert await house.look() == Watched(is_unchanged=True)
    house.publish(3, 1, 2)
    assert await house.look() == Watched(entries=3, new=1, told=1, mails=(2,))
    house.publish(4, 3, 1)
    assert (await house.look()).told == 1
    house.publish(2, 1)
    assert await house.look() == Watched(entries=2)
    assert house.subjects() == ["news: watched from now on", "news: title 3", "news: title 4"]


async def test_the_first_look_at_a_large_feed_sends_one_mail(house: House) -> None:
    body = await asyncio.to_thread(NVD.read_bytes)
    house.server.body = body
    first = await house.look()
    assert (first.new, first.told, len(house.outbox.put_mails)) == (1404, 0, 1)
    item = b"<item rdf:about='urn:x'><title>CVE-2026-1 (nc)</title></item></rdf:RDF>"
    house.server.body = body.replace(b"</rdf:RDF>", item)
    assert (await house.look()).told == 1
    assert house.subjects()[1] == "news: CVE-2026-1 (nc)"


async def test_a_server_is_asked_whether_there_is_anything_new(house: House) -> None:
    house.publish(1)
    await house.look()
    await house.look()
    first, second = house.server.asked
    assert "if-none-match" not in first
    assert second["if-none-match"].startswith('"')
    assert second["if-modified-since"] == "Mon, 24 Nov 2025 10:00:00 GMT"
    house.errand = replace(house.errand, url=f"{house.server.url}?moved")
    assert not (await house.look()).is_first
    assert "if-none-match" not in house.server.asked[2]


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"", 200, "empty"),
        (b"<!doctype html><title>Maintenance</title>", 200, "HTML page, not a feed"),
        (rss("<guid>urn:1</guid>")[:-9], 200, "cut short"),
        (b"<!DOCTYPE rss [<!ENTITY a 'b'>]>" + rss(), 200, "document type of its own"),
        (b"<?xml version='1.0' encoding='x-none'?><rss/>", 200, "nobody here knows"),
        (rss("<guid>urn:9</guid>"), 404, r"answered 404 \(Not Found\)"),
        (rss("<guid>urn:9</guid>"), 410, "answered 410"),
    ],
)
async def test_a_failure_changes_nothing_of_what_is_known(
    house: House, body: bytes, status: int, said: str
) -> None:
    house.publish(1)
    await house.look()
    known = dict(house.seen.marks[MARKS])
    house.server.body, house.server.status = body, status
    await house.fails(said)
    assert house.seen.marks[MARKS] == known
    house.server.status = 200
    house.publish(2, 1)
    assert (await house.look()).told == 1
    assert house.subjects() == ["news: watched from now on", "news: title 2"]


async def test_a_failure_before_the_first_look_is_no_first_look(house: House) -> None:
    await house.fails("empty")
    assert MARKS not in house.seen.marks
    house.publish(1)
    assert (await house.look()).is_first


async def test_failures_in_a_row_are_told_once_and_so_is_their_end(house: House) -> None:
    house.publish(1)
    await house.look()
    house.server.status = 404
    for _ in range(5):
        await house.fails("404")
        house.clock.advance(3600)
    assert house.subjects()[1:] == ["news: cannot be read"]
    house.server.status = 200
    assert len((await house.look()).mails) == 1
    assert house.subjects()[2:] == ["news: can be read again"]
    house.server.status = 404
    await house.fails("404")
    await house.fails("404")
    house.server.status = 200
    assert (await house.look()).mails == ()
    assert len(house.subjects()) == 3


async def test_an_ill_formed_feed_is_told_as_such_and_asked_for_again_in_full(house: House) -> None:
    house.publish(1)
    await house.look()
    house.publish(2, 1, more="a & b")
    watched = await house.look()
    assert watched.told == 1
    assert "read leniently" in watched.notes[0]
    text = message_from_bytes(house.outbox.put_mails[1].content, policy=policy.default).as_string()
    assert "It was read leniently" in text
    await house.look()
    assert "if-none-match" not in house.server.asked[-1]


async def test_what_cannot_be_noted_is_not_told_and_is_new_again(house: House) -> None:
    house.publish(1)
    await house.look()
    house.publish(2, 1)
    house.outbox.failure = StateError("the disk is full")
    with pytest.raises(StateError, match="the disk is full"):
        await house.look()
    house.outbox.failure = None
    assert (await house.look()).told == 1
    assert house.subjects()[1:] == ["news: title 2"]


async def test_only_entries_with_a_word_are_told_and_the_others_are_known_all_the_same(house: House) -> None:
    house.errand = replace(house.errand, words=("title 3",))
    house.publish(1)
    await house.look()
    house.publish(3, 2, 1)
    assert await house.look() == Watched(entries=3, new=2, told=1, mails=(2,))
    house.errand = replace(house.errand, words=())
    house.publish(4, 3, 2, 1)
    await house.look()
    assert house.subjects()[1:] == ["news: title 3", "news: title 4"]
