"""Several feeds at once, and feeds that two processes watch."""

import asyncio
import errno
import fcntl
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from doorward.compose.feeds import WatchedFeeds, feed_source, read_all
from doorward.core.errors import ConnectError, FeedError, MailError, StateError
from doorward.core.feed_errands import FeedErrand
from doorward.core.fetching import OutOfTime, TooLong
from doorward.core.limits import Limits
from doorward.core.mailboxes import Mailbox
from doorward.core.schedules import Every
from doorward.core.settings import Settings
from doorward.errands.feed_source import FeedAnswer
from doorward.stores.database import Database
from doorward.stores.locks import open_private, try_lock, unlock
from doorward.stores.seen import SqliteSeen
from doorward.testing.clock import ManualClock
from tests.errands.feed_server import FeedServer, feed_server
from tests.errands.feeds.documents import rss


@pytest.fixture
async def server() -> AsyncIterator[FeedServer]:
    async with feed_server() as server:
        server.body = rss("<title>one</title><guid>urn:1</guid>")
        yield server


@pytest.fixture
async def silent() -> AsyncIterator[str]:
    """The address of a feed whose server takes connections and says nothing."""
    heard: list[asyncio.StreamWriter] = []
    listener = await asyncio.start_server(lambda _, writer: heard.append(writer), "127.0.0.1", 0)
    host, port = listener.sockets[0].getsockname()
    yield f"http://{host}:{port}/feed"
    listener.close()
    for writer in heard:
        writer.close()
    await listener.wait_closed()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
async def database(folder: Path) -> AsyncIterator[Database]:
    database = Database(folder)
    await database.open()
    yield database
    await database.close()


def errand(server: FeedServer, *to: str) -> FeedErrand:
    return FeedErrand(name="news", url=server.url, timing=Every(3600), to=tuple(map(Mailbox, to)))


async def test_a_limit_of_the_keepers_is_named_by_what_meets_it(server: FeedServer, silent: str) -> None:
    server.body = rss(f"<title>{'long' * 1000}</title>")
    async with feed_source(Limits(feed_bytes=1024, feed_seconds=1.0)) as source:
        with pytest.raises(TooLong, match=r"longer than 1024 bytes\. limits\.feed_bytes says"):
            await source.read(server.url)
        with pytest.raises(OutOfTime, match=r"limits\.feed_seconds says"):
            await source.read(silent)


async def test_a_silent_source_holds_up_no_other_and_its_error_names_it(
    server: FeedServer, silent: str
) -> None:
    server.body = rss("<title>one</title>")
    urls = [silent, server.url, f"{server.url}/gone", *(f"{server.url}?{n}" for n in range(20))]
    async with feed_source(Limits(feed_seconds=3.0)) as source:
        found = [each async for each in read_all(source, [(url, None) for url in urls])]
    assert found[-1][0] == silent
    assert isinstance(found[-1][1], ConnectError)
    assert str(found[-1][1]).startswith(silent)
    answers = dict(found)
    assert answers.keys() == set(urls)
    gone = answers[f"{server.url}/gone"]
    assert isinstance(gone, FeedError)
    assert "404" in str(gone)
    assert sum(isinstance(answer, FeedAnswer) for answer in answers.values()) == 21


async def test_what_is_noted_and_what_is_mailed_stand_in_one_database(
    server: FeedServer, database: Database
) -> None:
    clock = ManualClock()
    feeds = WatchedFeeds(database, clock, Settings)
    assert (await feeds.look(errand(server, "alice@example.org"))).mails == (1,)
    seen = SqliteSeen(database, clock=clock, limits=Limits)
    assert "#etag" in await seen.seen("feed:news")
    rows = await database.read(lambda each: each.execute("SELECT count(*) FROM messages").fetchall())
    assert rows == [(1,)]


async def test_with_nobody_to_tell_nothing_is_noted(server: FeedServer, database: Database) -> None:
    clock = ManualClock()
    feeds = WatchedFeeds(database, clock, Settings)
    with pytest.raises(MailError, match="nobody to send this to"):
        await feeds.look(errand(server))
    assert not await SqliteSeen(database, clock=clock, limits=Limits).seen("feed:news")


async def test_a_folder_without_locks_leaves_nothing_open(
    server: FeedServer, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_descriptor: int, _operation: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    feeds = WatchedFeeds(database, ManualClock(), Settings)
    path = database.path.parent / "feed.news.lock"
    # no file system of this machine refuses locks
    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(StateError, match=r"feed\.news\.lock cannot be locked: No locks available"):
        await feeds.look(errand(server, "alice@example.org"))
    opened = await asyncio.to_thread(
        lambda: [os.path.realpath(each) for each in Path("/proc/self/fd").iterdir()]
    )
    assert str(path) not in opened


async def test_more_marks_than_there_may_be_are_told_with_the_address_of_the_feed(
    server: FeedServer, database: Database
) -> None:
    server.body = rss(*(f"<title>{n}</title><guid>urn:{n}</guid>" for n in range(1000)))
    feeds = WatchedFeeds(database, ManualClock(), lambda: Settings(limits=Limits(seen_marks=1000)))
    with pytest.raises(StateError) as caught:
        await feeds.look(errand(server, "alice@example.org"))
    assert str(caught.value) == (
        f"{server.url}: what was seen cannot be noted: there would be more marks than seen_marks "
        "of [limits], which is 1000"
    )


async def test_a_feed_that_another_process_looks_at_is_left_to_it(
    server: FeedServer, database: Database
) -> None:
    feeds = WatchedFeeds(database, ManualClock(), Settings)
    path = database.path.parent / "feed.news.lock"
    lock = await asyncio.to_thread(open_private, path, os.O_RDWR | os.O_CREAT)
    assert try_lock(lock)
    with pytest.raises(StateError, match="another process is on this errand"):
        await feeds.look(errand(server, "alice@example.org"))
    assert not server.asked
    unlock(lock)
    assert (await feeds.look(errand(server, "alice@example.org"))).is_first
