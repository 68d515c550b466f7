"""Several processes empty one outbox at once: each message is sent by one of them."""

import asyncio
import contextlib
import subprocess
import sys
from pathlib import Path

from doorward.core.limits import Limits
from doorward.core.mail import Delivered, Delivery, Mail, Tried
from doorward.stores.boot import boot_id
from doorward.stores.clock import SystemClock
from doorward.stores.database import Database
from doorward.stores.outbox import SqliteOutbox

SENDERS = 3
MESSAGES = 24
SEND = """
import asyncio, sys
from pathlib import Path
from tests.stores.test_outbox_shared import send
asyncio.run(send(Path(sys.argv[1]), sys.argv[2]))
"""


def outbox_in(database: Database, boot: str) -> SqliteOutbox:
    clock = SystemClock(asyncio.get_running_loop())
    return SqliteOutbox(database, clock=clock, boot=boot, limits=Limits)


async def send(folder: Path, boot: str) -> None:
    """Claim and settle until nothing is left, and say what was claimed; begin when stdin says so."""
    database = Database(folder)
    await database.open()
    outbox = outbox_in(database, boot)
    print("ready", flush=True)  # noqa: T201
    await asyncio.to_thread(sys.stdin.readline)
    while (claim := await outbox.claim(lease_seconds=600)) is not None:
        print(claim.number, flush=True)  # noqa: T201
        done = Tried(delivered=Delivered(delivery=Delivery.ACCEPTED, answer="250"))
        assert await outbox.settle(claim, {each.address: done for each in claim.due})
    await database.close()


async def put_them(folder: Path, boot: str) -> list[int]:
    database = Database(folder)
    await database.open()
    outbox = outbox_in(database, boot)
    mail = Mail(sender="", recipients=("bob@example.org",), message_id="<1@x>", content=b"x" * 5000)
    numbers = [await outbox.put(mail) for _ in range(MESSAGES)]
    await database.close()
    return numbers


async def left_in(folder: Path, boot: str) -> int:
    database = Database(folder)
    await database.open()
    left = len(await outbox_in(database, boot).messages())
    await database.close()
    return left


def test_processes_that_claim_at_once_never_get_the_same_message(private_folder: Path) -> None:
    boot = boot_id()
    numbers = asyncio.run(put_them(private_folder, boot))
    claimed: list[list[int]] = []
    with contextlib.ExitStack() as stack:
        senders = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", SEND, str(private_folder), boot],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for _ in range(SENDERS)
        ]
        for sender in senders:
            assert sender.stdout is not None
            assert sender.stdout.readline() == "ready\n"
        for sender in senders:
            assert sender.stdin is not None
            sender.stdin.write("go\n")
            sender.stdin.flush()
        for sender in senders:
            out, _ = sender.communicate(timeout=45)
            assert sender.returncode == 0
            claimed.append([int(line) for line in out.splitlines()])
    assert sorted(number for each in claimed for number in each) == numbers
    assert asyncio.run(left_in(private_folder, boot)) == 0


def test_two_processes_that_make_the_database_at_once_make_one(private_folder: Path) -> None:
    senders = [
        subprocess.Popen(
            [sys.executable, "-c", SEND, str(private_folder), "this"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for _ in range(SENDERS)
    ]
    for sender in senders:
        out, _ = sender.communicate(b"go\n", timeout=45)
        assert (sender.returncode, out) == (0, b"ready\n")
    assert [path.name for path in private_folder.glob(".*")] == []
