"""A search that takes for ever is asked for and left again: whoever comes after does not wait for it."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from doorward.stores.database import Database

BOUND_SECONDS = 20.0
ENDLESS = (
    "WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted) SELECT max(n) FROM counted"
)

LONG = """
    WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted LIMIT 300000)
    SELECT count(*) FROM counted
"""


@pytest.fixture
def state_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    return folder


@pytest_asyncio.fixture
async def database(state_folder: Path) -> AsyncIterator[Database]:
    opened = Database(state_folder)
    await opened.open()
    yield opened
    await opened.close()


async def test_a_search_that_nobody_waits_for_ends_and_those_behind_it_do_not_begin(
    database: Database,
) -> None:
    has_begun = threading.Event()
    begun_later: list[sqlite3.Connection] = []

    def search(connection: sqlite3.Connection) -> None:
        has_begun.set()
        connection.execute(ENDLESS).fetchall()

    async with asyncio.TaskGroup() as group:
        searching = [group.create_task(database.look(search))]
        assert await asyncio.to_thread(has_begun.wait, BOUND_SECONDS)
        searching += [group.create_task(database.look(begun_later.append)) for _ in range(100)]
        await asyncio.sleep(0)
        for each in searching:
            each.cancel()
    async with asyncio.timeout(BOUND_SECONDS):
        assert await database.look(lambda connection: connection.execute("SELECT 7").fetchone()) == (7,)
    assert begun_later == []


async def test_a_search_that_is_waited_for_takes_the_time_that_it_takes(database: Database) -> None:
    assert await database.look(lambda connection: connection.execute(LONG).fetchone()) == (300_000,)
