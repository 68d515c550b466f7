"""The embedded database: one file in the state folder, one thread that works on it, and one that looks."""

import asyncio
import contextlib
import os
import secrets
import shlex
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from doorward.core.errors import StateError, TrustError
from doorward.stores.atomic import remove_leftovers, sync_folder
from doorward.stores.database_errors import corrupted, state_error
from doorward.stores.locks import open_private, short_lock
from doorward.stores.places import DATABASE_NAME
from doorward.stores.schema import APPLICATION_ID, CHECKED_TABLES, STEPS, migrate, version_of
from doorward.stores.state import check_private_folder
from doorward.stores.worker import Worker

_T = TypeVar("_T")
_LOCK_SECONDS = 10.0
_WAITING = 256
_JOURNAL_BYTES = 4 * 1024 * 1024
_CHECKED_BYTES = 16 * 1024 * 1024
"""A file of so many is read whole when it is opened, which takes 30 ms; of a larger one, some tables are."""

_STEPS_AT_A_TIME = 200
"""Of SQLite, between two looks at whether somebody still waits; to look a word up may take milliseconds."""

Work = Callable[[sqlite3.Connection], _T]


class Database:
    """
    `doorward.db` with mode 0600: SQLite with a write-ahead log, synced with every transaction.

    Other processes of this machine may have it open too; each waits at most 10 s for another. A file that is
    there is never replaced: whatever is wrong with it is a StateError that says what to do. Root at work in
    the folder of another user opens it within `acting_as_owner`.

    Attributes:
        path: of the file; SQLite keeps two more beside it.

    Source: sqlite.org/wal.html, sqlite.org/pragma.html#pragma_synchronous.
    """

    def __init__(self, folder: Path, *, busy_seconds: float = _LOCK_SECONDS) -> None:
        self.path = folder / DATABASE_NAME
        self._busy_seconds = busy_seconds
        self._worker = Worker(name=str(self.path), waiting=_WAITING)
        self._onlooker = Worker(name=f"{self.path} (looking)", waiting=_WAITING)
        self._connection: sqlite3.Connection | None = None
        self._looking: sqlite3.Connection | None = None
        self._has_ended_looking = False
        self._identity = (0, 0)

    async def open(self) -> None:
        """
        Open the file, which is made where it is missing, and bring it up to our schema.

        Raises:
            StateError: it cannot be used: corrupted, of a later version, read-only, no room, or held.
            TrustError: others may read it.
        """
        try:
            await self._worker.call(self._open)
        except BaseException:
            await self.close()
            raise

    async def read(self, work: Work[_T]) -> _T:
        """
        Have `work` look at one state of the database.

        Raises:
            StateError: it could not.
        """
        return await self._worker.call(lambda: self._transact("BEGIN", work))

    async def look(self, work: Work[_T]) -> _T:
        """
        Have `work` look at one state of the database, in a thread and by a connection of its own.

        For what takes long: whoever reads or writes does not wait for it. It sees all that was written
        before it was asked for. When the wait is cancelled it ends soon, or does not begin: nobody after it
        waits for what nobody wants.

        Raises:
            StateError: it could not.
        """
        is_unwanted = threading.Event()
        try:
            return await self._onlooker.call(lambda: self._look(work, is_unwanted))
        except asyncio.CancelledError:
            is_unwanted.set()
            raise

    async def write(self, work: Work[_T]) -> _T:
        """
        Have `work` change the database: all that it does is on disk when this returns, or nothing is done.

        When the wait is cancelled, it is done or not.

        Raises:
            StateError: nothing was changed. Only where the disk failed in the midst of a sync may it turn up
                after all when the machine starts again.
        """
        return await self._worker.call(lambda: self._transact("BEGIN IMMEDIATE", work))

    async def close(self) -> None:
        """Finish what waits and close the file; idempotent."""
        # first: the last connection to be closed empties the log, and only the other one may write
        try:
            await self._onlooker.close(self._close_looking)
        finally:
            await self._worker.close(self._close)

    # In the thread

    def _open(self) -> None:
        check_private_folder(self.path.parent)
        with self._translated():
            with short_lock(self.path.with_suffix(".lock"), within_seconds=_LOCK_SECONDS):
                if not os.path.lexists(self.path):
                    self._create()
                self._connection = self._connected()
                self._looking = _looking(self.path, self._busy_seconds)
            self._check_sound()

    def _create(self) -> None:
        remove_leftovers(self.path)
        fresh = self.path.with_name(f".{self.path.name}.{secrets.token_hex(8)}.new")
        try:
            os.close(open_private(fresh, os.O_RDWR | os.O_CREAT | os.O_EXCL))
            with contextlib.closing(_connect(fresh, self._busy_seconds)) as connection:
                # it has no other reader, and is synced as a whole
                connection.execute("PRAGMA journal_mode = MEMORY")
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                migrate(connection)
            _sync(fresh)
            os.rename(fresh, self.path)
            sync_folder(self.path.parent)
        except (OSError, sqlite3.Error):
            fresh.unlink(missing_ok=True)
            raise

    def _connected(self) -> sqlite3.Connection:
        self._identity = _identity_of_private(self.path)
        connection = _connect(self.path, self._busy_seconds)
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        application_id = connection.execute("PRAGMA application_id").fetchone()[0]
        if application_id != APPLICATION_ID:
            raise StateError(f"{self.path} is a database of another program; move it away")
        version = version_of(connection)
        if version > len(STEPS):
            raise StateError(
                f"{self.path} was written by a later version of this program (schema {version}, known are "
                f"{len(STEPS)}); use that version"
            )
        connection.execute("PRAGMA cell_size_check = ON")
        mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        if mode != "wal":
            raise StateError(f"{self.path} cannot have a write-ahead log on this file system")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA journal_size_limit = {_JOURNAL_BYTES}")
        migrate(connection)

    def _check_sound(self) -> None:
        connection = _opened(self._connection, self.path)
        is_small = self.path.stat().st_size <= _CHECKED_BYTES
        for checked in ("1",) if is_small else (f"'{table}'" for table in CHECKED_TABLES):
            found: str = connection.execute(f"PRAGMA quick_check({checked})").fetchone()[0]
            if found != "ok":
                raise corrupted(self.path, found)

    def _transact(self, begin: str, work: Work[_T]) -> _T:
        with self._translated():
            connection = _opened(self._connection, self.path)
            self._check_identity()
            return _in_transaction(connection, begin, work)

    def _look(self, work: Work[_T], is_unwanted: threading.Event) -> _T:
        if is_unwanted.is_set():
            raise StateError(f"{self.path}: nobody waits for this any more")
        with self._translated():
            self._check_identity()
            connection = _opened(self._looking, self.path)
            connection.set_progress_handler(is_unwanted.is_set, _STEPS_AT_A_TIME)
            try:
                return _in_transaction(connection, "BEGIN", work)
            finally:
                connection.set_progress_handler(None, 0)

    def _check_identity(self) -> None:
        if _identity_of_private(self.path) != self._identity:
            raise StateError(f"{self.path} was replaced by another file while it was in use; start again")

    def _close(self) -> None:
        # opened after the other thread had ended, when the opening was given up; else it may be in use there
        if self._has_ended_looking:
            self._close_looking()
        connection, self._connection = self._connection, None
        self._close_one(connection)

    def _close_looking(self) -> None:
        self._has_ended_looking = True
        connection, self._looking = self._looking, None
        self._close_one(connection)

    def _close_one(self, connection: sqlite3.Connection | None) -> None:
        if connection is not None:
            with self._translated():
                connection.close()

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise state_error(self.path, error, busy_seconds=self._busy_seconds) from error
        except OSError as error:
            raise StateError(f"{self.path} cannot be used: {error.strerror}") from error
        except (UnicodeError, OverflowError) as error:
            raise StateError(f"{self.path} cannot hold this: {error}") from error


def _in_transaction(connection: sqlite3.Connection, begin: str, work: Work[_T]) -> _T:
    connection.execute(begin)
    try:
        result = work(connection)
        connection.execute("COMMIT")
    except BaseException:
        # SQLite may have rolled back by itself, and what failed first is what matters
        with contextlib.suppress(sqlite3.Error):
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        raise
    return result


def _opened(connection: sqlite3.Connection | None, path: Path) -> sqlite3.Connection:
    if connection is None:
        raise StateError(f"{path} is not open")
    return connection


def _connect(path: Path, busy_seconds: float, *, is_handed_over: bool = False) -> sqlite3.Connection:
    # mode=rw: a file that is gone is not made anew, empty
    address = f"file:{quote(os.fsencode(path.absolute()))}?mode=rw"
    return sqlite3.connect(
        address, uri=True, isolation_level=None, timeout=busy_seconds, check_same_thread=not is_handed_over
    )


def _looking(path: Path, busy_seconds: float) -> sqlite3.Connection:
    """A connection for the other thread; opened with the first, when all files are those of the owner."""
    connection = _connect(path, busy_seconds, is_handed_over=True)
    try:
        connection.execute("PRAGMA query_only = ON")
        # the log is opened when something is read, and not before
        version_of(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _identity_of_private(path: Path) -> tuple[int, int]:
    """
    Make sure that it is a file of ours alone. It is not opened: to close it would drop SQLite's locks.

    Source: sqlite.org/howtocorrupt.html, section 2.2.
    """
    facts = os.lstat(path)
    if not stat.S_ISREG(facts.st_mode):
        raise StateError(f"{path} is no regular file")
    if facts.st_mode & 0o077:
        raise TrustError(f"{path} is open to other users; type: chmod 600 {shlex.quote(str(path))}")
    if not facts.st_size:
        # made by rename, it was never empty
        raise corrupted(path, "it is empty")
    return facts.st_dev, facts.st_ino


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
