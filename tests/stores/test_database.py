"""One file, one thread, and transactions that are on disk or not done."""

import asyncio
import os
import sqlite3
import stat
import threading
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import pytest

from doorward.core.errors import StateError
from doorward.stores.database import Database
from doorward.stores.locks import short_lock
from doorward.stores.places import DATABASE_NAME
from tests.stores.opened import marks, marks_in, opened_and_closed, put_mark


def test_it_is_made_private_and_whole_and_opened_again(private_folder: Path) -> None:
    asyncio.run(opened_and_closed(private_folder))
    assert sorted(os.listdir(private_folder)) == [DATABASE_NAME, "doorward.lock"]
    database = Database(private_folder)
    asyncio.run(database.open())
    asyncio.run(put_mark(database, "a"))
    assert len(os.listdir(private_folder)) == 4
    for name in os.listdir(private_folder):
        assert stat.S_IMODE((private_folder / name).stat().st_mode) == 0o600, name
    asyncio.run(database.close())
    assert marks_in(private_folder) == ["a"]


async def test_each_transaction_is_synced(private_folder: Path) -> None:
    database = Database(private_folder)
    await database.open()
    pragmas = await database.read(
        lambda connection: [
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    )
    await database.close()
    # 2 is FULL
    assert pragmas == ["wal", 2, 1]


async def test_work_that_fails_changes_nothing(private_folder: Path) -> None:
    database = Database(private_folder)
    await database.open()

    def half(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO seen VALUES ('errand', 'half', '')")
        raise StateError("on second thoughts")

    with pytest.raises(StateError, match="second thoughts"):
        await database.write(half)
    await put_mark(database, "whole")
    assert await marks(database) == ["whole"]
    await database.close()


async def test_an_opening_that_is_given_up_leaves_nothing_open(private_folder: Path) -> None:
    database = Database(private_folder)
    with ExitStack() as held:
        await asyncio.to_thread(
            held.enter_context, short_lock(private_folder / "doorward.lock", within_seconds=0)
        )
        opening = asyncio.get_running_loop().create_task(database.open())
        await asyncio.sleep(0)
        opening.cancel()
        await asyncio.sleep(0)
        # the thread that looks is ended before there is anything to look at
        for thread in threading.enumerate():
            if thread.name == f"{database.path} (looking)":
                await asyncio.to_thread(thread.join, 30)
    with pytest.raises(asyncio.CancelledError):
        await opening
    assert await asyncio.to_thread(descriptors_in, private_folder) == []


def descriptors_in(folder: Path) -> list[str]:
    targets = [os.readlink(each) for each in Path("/proc/self/fd").iterdir() if each.is_symlink()]
    return [target for target in targets if target.startswith(str(folder))]


async def test_work_goes_on_in_order_when_nobody_waits_for_it_any_more(private_folder: Path) -> None:
    database = Database(private_folder)
    await database.open()
    held = threading.Event()
    blocked = asyncio.get_running_loop().create_task(database.read(lambda _: held.wait(30)))
    left = asyncio.get_running_loop().create_task(put_mark(database, "left"))
    await asyncio.sleep(0)
    left.cancel()
    with suppress(asyncio.CancelledError):
        await left
    held.set()
    await blocked
    assert await marks(database) == ["left"]
    await database.close()


async def test_no_more_wait_than_may(private_folder: Path) -> None:
    database = Database(private_folder)
    await database.open()
    held = threading.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(database.read(lambda _: held.wait(30)))
        waiting = [tasks.create_task(marks(database)) for _ in range(255)]
        await asyncio.sleep(0)
        with pytest.raises(StateError, match="256 calls waiting"):
            await marks(database)
        held.set()
    assert all(task.result() == [] for task in waiting)
    await database.close()
    with pytest.raises(StateError, match="was closed"):
        await marks(database)


def test_it_serves_one_loop_after_another(private_folder: Path) -> None:
    database = Database(private_folder)
    asyncio.run(database.open())
    asyncio.run(put_mark(database, "a"))
    assert asyncio.run(marks(database)) == ["a"]
    asyncio.run(database.close())


# Looking at it


async def test_a_long_look_holds_up_nobody_and_sees_one_state(private_folder: Path) -> None:
    database = Database(private_folder)
    await database.open()
    await put_mark(database, "before")
    held, looks = threading.Event(), threading.Event()

    def look(connection: sqlite3.Connection) -> tuple[int, int]:
        first = connection.execute("SELECT count(*) FROM seen").fetchone()[0]
        looks.set()
        assert held.wait(30)
        return first, connection.execute("SELECT count(*) FROM seen").fetchone()[0]

    looking = asyncio.get_running_loop().create_task(database.look(look))
    await asyncio.to_thread(looks.wait, 30)
    await put_mark(database, "meanwhile")
    assert await marks(database) == ["before", "meanwhile"]
    held.set()
    assert await looking == (1, 1)
    # what was written before it is asked for is seen
    assert await database.look(lambda each: each.execute("SELECT count(*) FROM seen").fetchone()[0]) == 2
    await database.close()
    with pytest.raises(StateError, match="was closed"):
        await database.look(look)


async def test_who_looks_changes_nothing(private_folder: Path) -> None:
    database = Database(private_folder)
    await database.open()
    with pytest.raises(StateError, match=r"(?i)readonly|read-only"):
        await database.look(lambda each: each.execute("INSERT INTO seen VALUES ('errand', 'key', '')"))
    assert await marks(database) == []
    await database.close()


# Other processes


def test_another_process_that_holds_it_is_waited_for_so_long_and_no_longer(private_folder: Path) -> None:
    database = Database(private_folder, busy_seconds=0.2)
    asyncio.run(database.open())
    with closing(sqlite3.connect(private_folder / DATABASE_NAME, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StateError, match=r"held by another process for 0\.2 s; try again"):
            asyncio.run(put_mark(database, "a"))
        assert asyncio.run(marks(database)) == []
        other.execute("ROLLBACK")
        asyncio.run(put_mark(database, "a"))
    asyncio.run(database.close())
