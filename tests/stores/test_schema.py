"""A database of any version becomes one of ours, step by step."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from doorward.stores.database import Database
from doorward.stores.schema import STEPS, migrate, version_of
from tests.stores.opened import marks, put_mark


@pytest.mark.parametrize("version", range(1, len(STEPS) + 1))
async def test_a_database_of_every_older_version_is_brought_up(
    private_folder: Path, version: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as older:
        older.setattr("doorward.stores.schema.STEPS", STEPS[:version])
        older.setattr("doorward.stores.database.STEPS", STEPS[:version])
        database = Database(private_folder)
        await database.open()
        await put_mark(database, "old")
        await database.close()
    database = Database(private_folder)
    await database.open()
    assert await database.read(version_of) == len(STEPS)
    assert await marks(database) == ["old"]
    await database.close()


def test_a_step_that_fails_leaves_nothing_of_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = ("CREATE TABLE half (x)", "CREATE TABLE half (x)")
    monkeypatch.setattr("doorward.stores.schema.STEPS", (*STEPS, broken))
    with closing(sqlite3.connect(tmp_path / "db", isolation_level=None)) as connection:
        with pytest.raises(sqlite3.OperationalError, match="already exists"):
            migrate(connection)
        assert version_of(connection) == len(STEPS)
        names = {row[0] for row in connection.execute("SELECT name FROM sqlite_schema")}
    assert "seen" in names
    assert "half" not in names
