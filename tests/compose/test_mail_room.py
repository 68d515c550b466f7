"""Mail at the end of a daemon: what is under way is waited for a while, and nothing goes on for ever."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from doorward.compose.mail_room import MailRoom, open_mail_room
from doorward.compose.mail_watch import MailWatch
from doorward.core.errors import StateError
from doorward.core.mail import Claim, Mail
from doorward.core.settings import Settings
from doorward.stores.clock import SystemClock
from tests.clients.smtp.servers import HANG, FaultServer, fault_server

pytestmark = pytest.mark.may_block("the first delivery brings in what speaks SMTP")

BOUND_SECONDS = 30.0
MAIL = Mail(sender="", recipients=("a@example.org",), message_id="<1@example.org>", content=b"Subject: a\r\n")


@pytest.fixture
async def server() -> AsyncIterator[FaultServer]:
    """One that takes a message and does not say so."""
    async with fault_server({"END": HANG}) as server:
        yield server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    return tmp_path


def clock() -> SystemClock:
    return SystemClock(asyncio.get_running_loop())


async def until_it_came(server: FaultServer) -> None:
    async with asyncio.timeout(BOUND_SECONDS):
        while not server.messages:  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.02)


async def test_a_result_that_cannot_be_noted_does_not_keep_the_end(
    server: FaultServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(_claim: Claim, _tried: object) -> None:
        raise StateError("the disk is full")

    room: MailRoom = await open_mail_room(folder, Settings(mail=server.settings()), clock())
    await room.queue.put(MAIL)
    await room.rouse()
    await until_it_came(server)
    monkeypatch.setattr(room.queue, "settle", refuse)
    async with asyncio.timeout(BOUND_SECONDS):
        await room.close()
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "delivery"]


async def test_once_stopped_no_other_try_begins_and_the_one_under_way_comes_to_its_end(
    server: FaultServer, folder: Path
) -> None:
    watch = MailWatch(folder, Settings(mail=server.settings()), clock())
    room = await watch.room()
    await room.queue.put(MAIL)
    watch.begin()
    await until_it_came(server)
    await room.queue.put(MAIL)
    watch.stop()
    server.say("250 taken")
    await watch.drain(BOUND_SECONDS)
    left = [mail.number for mail in await room.queue.messages()]
    await watch.close()
    assert left == [2]
    assert server.connections == 1


async def test_a_fault_of_the_program_is_told_and_does_not_end_the_watch(
    server: FaultServer, folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail() -> None:
        raise KeyError("gone")

    monkeypatch.setattr("doorward.compose.mail_watch.LOOK_SECONDS", 0.02)
    watch = MailWatch(folder, Settings(mail=server.settings()), clock())
    room = await watch.room()
    await room.queue.put(MAIL)
    with monkeypatch.context() as broken:
        broken.setattr(room, "rouse", fail)
        watch.begin()
        async with asyncio.timeout(BOUND_SECONDS):
            while not watch.notices:  # noqa: ASYNC110 - no event tells
                await asyncio.sleep(0.02)
    assert [*watch.notices] == ["mail waits: a fault of the program itself: KeyError('gone')"]
    assert "Traceback" in caplog.text
    await until_it_came(server)
    assert [*watch.notices] == []
    await watch.close()
