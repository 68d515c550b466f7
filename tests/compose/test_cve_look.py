"""Looks at vulnerabilities in a process of its own: what comes of them, and how they end."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from doorward.compose.cve_asking import error_of, error_told
from doorward.compose.cve_look import CveLooks
from doorward.compose.errand_locks import errand_lock
from doorward.core.cve_errands import CveErrand, CveSource, CveSourceKind
from doorward.core.errors import ConnectError, DoorwardError, MailError, SourceError, StateError
from doorward.core.limits import Limits
from doorward.core.mail_settings import MailSettings
from doorward.core.mailboxes import Mailbox
from doorward.core.schedules import Every
from doorward.core.units import MIB
from doorward.errands.gone import Gone
from doorward.stores.database import Database
from doorward.stores.outbox import SqliteOutbox
from doorward.testing.clock import ManualClock
from tests.errands.feed_server import FeedServer, feed_server
from tests.errands.feeds.documents import rss

BOUND_SECONDS = 30.0
ADVISORY = "<title>DSA-5000-1 nginx</title><guid>urn:1</guid><description>CVE-2026-0001</description>"
NEWER = "<title>DSA-5001-1 curl</title><guid>urn:2</guid><description>CVE-2026-0002</description>"

PARENT = """
import asyncio, sys
from pathlib import Path
from tests.compose.test_cve_look import errand_at, look
from doorward.compose.cve_look import CveLooks
asyncio.run(look(CveLooks(Path(sys.argv[1])), errand_at(sys.argv[2])))
"""


def errand_at(url: str) -> CveErrand:
    return CveErrand(
        name="security",
        sources=(CveSource(kind=CveSourceKind.FEED, url=url),),
        timing=Every(3600),
        to=(Mailbox("alice@example.org"),),
    )


async def look(looks: CveLooks, errand: CveErrand) -> Gone:
    return await looks.look(errand, limits=Limits(), mail=MailSettings())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
async def server() -> AsyncIterator[FeedServer]:
    async with feed_server() as server:
        server.body = rss(ADVISORY)
        yield server


class Silent:
    """A server that takes connections and says nothing."""

    def __init__(self) -> None:
        self.url = ""
        self.is_asked = asyncio.Event()
        self._writers: list[asyncio.StreamWriter] = []

    def heard(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        self.is_asked.set()

    def close(self) -> None:
        for writer in self._writers:
            writer.close()


@pytest.fixture
async def silent() -> AsyncIterator[Silent]:
    silent = Silent()
    listener = await asyncio.start_server(silent.heard, "127.0.0.1", 0)
    host, port = listener.sockets[0].getsockname()
    silent.url = f"http://{host}:{port}/feed"
    yield silent
    listener.close()
    silent.close()
    await listener.wait_closed()


def looks_of(pid: int) -> list[int]:
    """The processes that look for this one."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    children = [child for thread in threads for child in (thread / "children").read_text().split()]
    return [int(child) for child in children if b"cve_child" in Path(f"/proc/{child}/cmdline").read_bytes()]


def is_gone(pid: int) -> bool:
    """Whether it ended, though somebody may still have to hear of it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


async def queued(folder: Path) -> int:
    database = Database(folder)
    await database.open()
    messages = await SqliteOutbox(database, clock=ManualClock(), boot="this", limits=Limits).messages()
    await database.close()
    return len(messages)


async def test_what_is_new_is_put_into_the_outbox_of_the_state(folder: Path, server: FeedServer) -> None:
    looks = CveLooks(folder)
    first = await look(looks, errand_at(server.url))
    assert first == Gone(text="watched from now on, with 1 vulnerability", mails=(1,))
    server.body = rss(ADVISORY, NEWER)
    assert await look(looks, errand_at(server.url)) == Gone(text="1 new", mails=(2,))
    assert await look(looks, errand_at(server.url)) == Gone(text="nothing new")
    assert await queued(folder) == 2


async def test_what_fails_in_it_comes_back_as_it_was(folder: Path, server: FeedServer) -> None:
    server.status = 404
    gone = await look(CveLooks(folder), errand_at(server.url))
    assert gone.text == "no source answered"
    (trouble,) = gone.troubles
    assert isinstance(trouble, SourceError)
    assert f"{server.url}: the server answered 404 (Not Found)" in str(trouble)
    nobody = replace(errand_at(server.url), to=())
    server.status = 200
    with pytest.raises(MailError, match="there is nobody to send this to"):
        await look(CveLooks(folder), nobody)


@pytest.mark.parametrize(
    "error",
    [
        ConnectError("http://e.org/", "connect", "nobody is there", "Look"),
        SourceError("http://e.org/", "this is HTML", "Look"),
        StateError("the disk is full"),
        MailError("nobody to tell"),
        DoorwardError("anything else"),
    ],
)
def test_an_error_is_the_same_on_the_other_side(error: DoorwardError) -> None:
    again = error_of(error_told(error))
    assert (type(again), str(again)) == (type(error), str(error))


async def test_two_never_look_for_the_same_errand(folder: Path, server: FeedServer) -> None:
    async with errand_lock(folder, "cve.security"):
        with pytest.raises(StateError, match="another process is on this errand"):
            await look(CveLooks(folder), errand_at(server.url))
    assert (await look(CveLooks(folder), errand_at(server.url))).mails == (1,)


async def test_one_that_takes_too_long_is_ended_and_the_next_one_tells(
    folder: Path, server: FeedServer, silent: Silent
) -> None:
    with pytest.raises(StateError, match=r"cve\.security: it was stopped after 3 s; nothing is lost"):
        await look(CveLooks(folder, seconds=3.0), errand_at(silent.url))
    assert (await look(CveLooks(folder), errand_at(server.url))).mails == (1,)


async def test_one_that_takes_too_much_memory_says_so(folder: Path, server: FeedServer) -> None:
    server.body = rss(ADVISORY, "x" * 40 * MIB)
    limits = Limits(feed_bytes=64 * MIB)
    gone = await CveLooks(folder, memory_bytes=320 * MIB).look(
        errand_at(server.url), limits=limits, mail=MailSettings()
    )
    assert "takes more memory than there is for it" in str(gone.troubles[0])


async def test_one_that_computes_for_too_long_is_ended(folder: Path, server: FeedServer) -> None:
    server.body = await asyncio.to_thread(rss, *(ADVISORY for _ in range(60_000)))
    limits = Limits(feed_entries=100_000)
    with pytest.raises(StateError, match="took more than 1 s of processor time; nothing is lost"):
        await CveLooks(folder, cpu_seconds=1).look(errand_at(server.url), limits=limits, mail=MailSettings())


async def test_it_ends_with_the_daemon_and_none_begins_after_that(folder: Path, silent: Silent) -> None:
    looks = CveLooks(folder)
    looking = asyncio.get_running_loop().create_task(look(looks, errand_at(silent.url)))
    async with asyncio.timeout(BOUND_SECONDS):
        await silent.is_asked.wait()
    looks.stop()
    with pytest.raises(StateError, match="ended with the daemon; nothing is lost"):
        await looking
    with pytest.raises(StateError, match="not begun, for the daemon ends"):
        await look(looks, errand_at(silent.url))


async def test_one_that_nobody_waits_for_any_more_is_ended(folder: Path, silent: Silent) -> None:
    looking = asyncio.get_running_loop().create_task(look(CveLooks(folder), errand_at(silent.url)))
    async with asyncio.timeout(BOUND_SECONDS):
        await silent.is_asked.wait()
    (child,) = await asyncio.to_thread(looks_of, os.getpid())
    looking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await looking
    assert await asyncio.to_thread(is_gone, child)


async def test_one_that_nobody_waits_for_any_more_does_not_begin(folder: Path, silent: Silent) -> None:
    loop = asyncio.get_running_loop()
    is_free = threading.Event()
    loop.set_default_executor(ThreadPoolExecutor(max_workers=1))
    busy = loop.run_in_executor(None, is_free.wait, BOUND_SECONDS)
    looks = CveLooks(folder)
    looking = loop.create_task(look(looks, errand_at(silent.url)))
    await asyncio.sleep(0)
    looking.cancel()
    await asyncio.sleep(0)
    is_free.set()
    assert await busy
    async with asyncio.timeout(BOUND_SECONDS):
        with pytest.raises(asyncio.CancelledError):
            await looking
    assert not silent.is_asked.is_set()
    assert not await asyncio.to_thread(looks_of, os.getpid())
    await loop.shutdown_default_executor()


async def test_it_is_gone_when_its_parent_is_killed(folder: Path, silent: Silent) -> None:
    argv = [sys.executable, "-B", "-c", PARENT, str(folder), silent.url]
    parent = await asyncio.to_thread(subprocess.Popen, argv)
    try:
        async with asyncio.timeout(BOUND_SECONDS):
            await silent.is_asked.wait()
        (child,) = await asyncio.to_thread(looks_of, parent.pid)
        # the tests may be niced themselves, and there is nothing nicer than 19
        nice = min(19, os.getpriority(os.PRIO_PROCESS, parent.pid) + 10)
        assert os.getpriority(os.PRIO_PROCESS, child) == nice
    finally:
        parent.send_signal(signal.SIGKILL)
        await asyncio.to_thread(parent.wait)
    async with asyncio.timeout(BOUND_SECONDS):
        while not await asyncio.to_thread(is_gone, child):  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.02)
