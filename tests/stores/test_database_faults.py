"""What a keeper is told of a database that cannot be used; nothing that is there is ever replaced."""

import asyncio
import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from doorward.core.errors import StateError, TrustError
from doorward.stores.database import Database
from doorward.stores.places import DATABASE_NAME
from doorward.stores.schema import STEPS
from tests.stores.conftest import fill
from tests.stores.opened import marks, opened_and_closed, put_mark, put_marks

NO_ROOM = r"make room|is the disk full"
READ_ONLY = r"(?i)read-only"


@pytest.fixture
def marked(private_folder: Path) -> Path:
    """A state folder with a database of 200 marks, some 30 pages of 4 KiB."""

    async def put_them() -> None:
        database = Database(private_folder)
        await database.open()
        await put_marks(database, 200, "x" * 500)
        await database.close()

    asyncio.run(put_them())
    return private_folder


def open_it(folder: Path) -> None:
    asyncio.run(opened_and_closed(folder))


@pytest.mark.parametrize("damage", ["truncate", "zeros", "text", "header", "middle"])
def test_a_corrupted_file_is_an_error_and_stays_as_it_is(marked: Path, damage: str) -> None:
    path = marked / DATABASE_NAME
    data = bytearray(path.read_bytes())
    match damage:
        case "truncate":
            data = data[: len(data) // 2]
        case "zeros":
            data = bytearray(len(data))
        case "text":
            data = bytearray(b"no database at all\n" * 100)
        case "header":
            data[:16] = b"SQLite format 9\0"
        case _:
            start = 4096 * 10
            data[start : start + 8192] = os.urandom(8192)
    path.write_bytes(data)
    with pytest.raises(StateError, match=r"is corrupted.*restore it from a backup, or move it away"):
        open_it(marked)
    assert path.read_bytes() == data


def test_an_empty_file_is_not_taken_for_a_new_one(private_folder: Path) -> None:
    path = private_folder / DATABASE_NAME
    path.touch(mode=0o600)
    with pytest.raises(StateError, match="is corrupted: it is empty"):
        open_it(private_folder)
    assert path.read_bytes() == b""


def test_damage_that_comes_while_it_is_open_is_told(marked: Path) -> None:
    path = marked / DATABASE_NAME

    database = Database(marked)
    asyncio.run(database.open())
    # open until the end: to close it would drop the locks of SQLite in this process
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.pwrite(descriptor, os.urandom(path.stat().st_size - 4096), 4096)
        # else the pages would not be read again
        asyncio.run(database.read(lambda connection: connection.execute("PRAGMA shrink_memory").fetchall()))
        with pytest.raises(StateError, match="is corrupted"):
            asyncio.run(marks(database))
    finally:
        asyncio.run(database.close())
        os.close(descriptor)


def test_one_of_a_later_version_is_left_to_that(private_folder: Path) -> None:
    open_it(private_folder)
    path = private_folder / DATABASE_NAME
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {len(STEPS) + 1}")
    data = path.read_bytes()
    with pytest.raises(StateError, match="later version of this program"):
        open_it(private_folder)
    assert path.read_bytes() == data


def test_one_of_another_program_is_left_alone(private_folder: Path) -> None:
    path = private_folder / DATABASE_NAME
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    path.chmod(0o600)
    data = path.read_bytes()
    with pytest.raises(StateError, match="another program"):
        open_it(private_folder)
    assert path.read_bytes() == data


def test_one_that_others_may_read_is_refused(private_folder: Path) -> None:
    open_it(private_folder)
    (private_folder / DATABASE_NAME).chmod(0o640)
    with pytest.raises(TrustError, match="chmod 600"):
        open_it(private_folder)


def test_a_link_is_not_followed(private_folder: Path, tmp_path: Path) -> None:
    (private_folder / DATABASE_NAME).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StateError, match="no regular file"):
        open_it(private_folder)
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("change", ["remove", "replace"])
def test_nothing_is_written_to_a_file_that_was_taken_away(private_folder: Path, change: str) -> None:
    path = private_folder / DATABASE_NAME

    database = Database(private_folder)
    asyncio.run(database.open())
    if change == "replace":
        shutil.copy(path, private_folder / "copy")
        (private_folder / "copy").rename(path)
    else:
        path.unlink()
    with pytest.raises(StateError, match=r"replaced by another file|No such file"):
        asyncio.run(put_mark(database, "lost"))
    asyncio.run(database.close())


# No room, no rights


def test_on_a_full_disk_what_was_accepted_stays_and_what_was_not_is_told(database_disk: Path) -> None:
    accepted: list[str] = []

    async def write_until_it_is_full(database: Database) -> None:
        await database.open()
        while True:
            key = f"{len(accepted):05}"
            await put_mark(database, key, "x" * 1000)
            accepted.append(key)

    async def read_and_close(database: Database) -> list[str]:
        found = await marks(database)
        await database.close()
        return found

    database = Database(database_disk)
    with pytest.raises(StateError, match=NO_ROOM):
        asyncio.run(write_until_it_is_full(database))
    assert len(accepted) > 10
    assert asyncio.run(read_and_close(database)) == accepted
    again = Database(database_disk)
    asyncio.run(again.open())
    assert asyncio.run(read_and_close(again)) == accepted


def test_after_there_is_room_again_it_goes_on(database_disk: Path) -> None:
    database = Database(database_disk)
    asyncio.run(database.open())
    fill(database_disk / "ballast")
    with pytest.raises(StateError, match=NO_ROOM):
        asyncio.run(put_mark(database, "lost", "x" * 50_000))
    (database_disk / "ballast").unlink()
    asyncio.run(put_mark(database, "kept", "x" * 50_000))
    assert asyncio.run(marks(database)) == ["kept"]
    asyncio.run(database.close())


def test_no_room_to_make_it_leaves_nothing_behind(database_disk: Path) -> None:
    fill(database_disk / "ballast")
    os.truncate(database_disk / "ballast", (database_disk / "ballast").stat().st_size - 16 * 1024)
    with pytest.raises(StateError, match=NO_ROOM):
        open_it(database_disk)
    assert sorted(os.listdir(database_disk)) == ["ballast", "doorward.lock"]
    (database_disk / "ballast").unlink()
    open_it(database_disk)


@pytest.mark.parametrize("is_new", [True, False])
def test_a_read_only_folder_is_told(database_disk: Path, *, is_new: bool) -> None:
    if not is_new:
        open_it(database_disk)
    subprocess.run(["mount", "-o", "remount,ro", str(database_disk)], check=True)
    with pytest.raises(StateError, match=READ_ONLY):
        open_it(database_disk)


def test_root_does_not_work_in_the_folder_of_another_with_the_rights_of_root(private_folder: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    os.chown(private_folder, 65534, 65534)
    with pytest.raises(StateError, match="belongs to uid 65534"):
        open_it(private_folder)
    assert not os.listdir(private_folder)
