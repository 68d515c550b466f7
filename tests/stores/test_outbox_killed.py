"""A process that is killed at a sync of the outbox: nothing that was accepted is gone, nothing is half."""

import asyncio
import random
from pathlib import Path

import pytest

from doorward.core.limits import Limits
from doorward.core.mail import Delivered, Delivery, Mail, QueuedMail, Tried
from doorward.stores.database import Database
from doorward.stores.outbox import SqliteOutbox
from doorward.stores.seen import SqliteSeen
from doorward.testing.clock import ManualClock
from tests.stores.killing import MOST_CALLS, statuses_of

ROUNDS = 4
DELIVERED = 3
ACCEPTED = Tried(delivered=Delivered(delivery=Delivery.ACCEPTED, answer="250 ok"))

pytestmark = pytest.mark.needs_program("strace", package="strace")


def content_of(number: int) -> bytes:
    return b"%d\r\n" % number * 3000


def number_of(message_id: str) -> int:
    return int(message_id.strip("<>").partition("@")[0])


def a_mail(number: int) -> Mail:
    return Mail(
        sender="",
        recipients=("bob@example.org", "eve@example.org"),
        message_id=f"<{number}@example.org>",
        content=content_of(number),
    )


async def work(folder: Path) -> None:
    """Queue messages, alone and with marks; drop every second of the former, and deliver some of the rest."""
    database = Database(folder)
    await database.open()
    outbox, seen = stores_of(database)
    print("opened", flush=True)  # noqa: T201
    for number in range(ROUNDS):
        queued = await outbox.put(a_mail(number))
        print("put", number, queued, flush=True)  # noqa: T201
        await seen.commit("errand", {str(number): "mark"}, a_mail(100 + number))
        print("committed", number, flush=True)  # noqa: T201
        if number % 2:
            await outbox.drop(queued)
            print("dropped", number, flush=True)  # noqa: T201
    for _ in range(DELIVERED):
        claim = await outbox.claim(lease_seconds=60)
        assert claim is not None
        number = number_of(claim.mail.message_id)
        print("claimed", number, flush=True)  # noqa: T201
        await outbox.settle(claim, {each.address: ACCEPTED for each in claim.due})
        print("delivered", number, flush=True)  # noqa: T201
    await database.close()
    print("closed", flush=True)  # noqa: T201


def stores_of(database: Database) -> tuple[SqliteOutbox, SqliteSeen]:
    clock = ManualClock()
    return (
        SqliteOutbox(database, clock=clock, boot="this", limits=Limits),
        SqliteSeen(database, clock=clock, limits=Limits),
    )


async def found_in(folder: Path) -> tuple[dict[str, QueuedMail], set[str]]:
    """What the next process finds; every message is read whole and compared."""
    database = Database(folder)
    await database.open()
    outbox, seen = stores_of(database)
    found = {}
    for queued in await outbox.messages():
        number = number_of(queued.message_id)
        whole = await outbox.find(queued.number)
        assert whole is not None
        assert whole[1] == a_mail(number)
        found[str(number)] = queued
    marks = await seen.seen("errand")
    await database.close()
    return found, set(marks)


def check(folder: Path, lines: list[str]) -> None:
    # what was promised to whoever asked for it: each line was said as soon as it was done
    said = {" ".join(line.split()[:2]) for line in lines}
    found, marks = asyncio.run(found_in(folder))
    for number in range(ROUNDS):
        is_put, is_dropped = f"put {number}" in said, f"dropped {number}" in said
        assert not (is_dropped and str(number) in found)
        if is_put and not number % 2 and f"claimed {number}" not in said:
            assert str(number) in found
        # the mark and the message that tells of it: both or neither
        if f"claimed {100 + number}" not in said:
            assert (str(number) in marks) == (str(100 + number) in found)
        if f"committed {number}" in said:
            assert str(number) in marks
    for line in said:
        if line.startswith("delivered "):
            assert line.removeprefix("delivered ") not in found


@pytest.mark.parametrize(("call", "calls"), [("fsync", 2), ("fdatasync", 20)])
def test_killed_at_some_sync_nothing_accepted_is_gone(tmp_path: Path, call: str, calls: int) -> None:
    chosen = sorted(random.Random(call).sample(range(1, calls + 1), min(calls, 4)))
    assert statuses_of(__name__, tmp_path, call, chosen, check) == [-9] * len(chosen)


@pytest.mark.soak
@pytest.mark.parametrize("call", ["fsync", "fdatasync", "pwrite64", "rename", "ftruncate", "unlink"])
def test_killed_at_any_call_that_writes_nothing_accepted_is_gone(tmp_path: Path, call: str) -> None:
    statuses = statuses_of(__name__, tmp_path, call, range(1, MOST_CALLS), check)
    assert statuses[0] == -9
    assert statuses[-1] == 0
