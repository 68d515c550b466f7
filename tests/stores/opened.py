"""A database that is opened, written and read in one line each."""

import sqlite3
from contextlib import closing
from pathlib import Path

from doorward.stores.database import Database
from doorward.stores.places import DATABASE_NAME


async def opened_and_closed(folder: Path) -> None:
    database = Database(folder)
    await database.open()
    await database.close()


async def put_mark(database: Database, key: str, mark: str = "") -> None:
    await database.write(
        lambda connection: connection.execute("INSERT INTO seen VALUES ('errand', ?, ?)", (key, mark))
    )


async def put_marks(database: Database, count: int, mark: str) -> None:
    """`00000` and so on, all in one transaction."""
    rows = [(f"{number:05}", mark) for number in range(count)]
    await database.write(
        lambda connection: connection.executemany("INSERT INTO seen VALUES ('errand', ?, ?)", rows)
    )


async def marks(database: Database) -> list[str]:
    return await database.read(
        lambda each: [row[0] for row in each.execute("SELECT key FROM seen ORDER BY key")]
    )


def marks_in(folder: Path) -> list[str]:
    """What another program sees."""
    with closing(sqlite3.connect(folder / DATABASE_NAME)) as connection:
        return [row[0] for row in connection.execute("SELECT key FROM seen ORDER BY key")]
