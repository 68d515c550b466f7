"""The tables of `doorward.db`, as the steps that lead to them; a step that was released never changes."""

import sqlite3

APPLICATION_ID = 0x646F6F72
"""`door`, in the header of the file: a database of another program is told from ours."""

_MAIL = (
    """
    CREATE TABLE messages (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        message_id TEXT NOT NULL,
        sender TEXT NOT NULL,
        size_bytes INTEGER NOT NULL,
        queued_at REAL NOT NULL,
        lease TEXT,
        lease_boot TEXT,
        lease_until REAL
    )
    """,
    # apart, so that taking a lease does not write the whole content anew
    """
    CREATE TABLE contents (
        message INTEGER PRIMARY KEY REFERENCES messages ON DELETE CASCADE,
        content BLOB NOT NULL
    )
    """,
    """
    CREATE TABLE recipients (
        message INTEGER NOT NULL REFERENCES messages ON DELETE CASCADE,
        place INTEGER NOT NULL,
        address TEXT NOT NULL,
        standing TEXT NOT NULL CHECK (standing IN ('waiting', 'delivered', 'dead')),
        attempts INTEGER NOT NULL,
        since REAL NOT NULL,
        next_try_at REAL CHECK ((next_try_at IS NULL) = (standing <> 'waiting')),
        answer TEXT NOT NULL,
        PRIMARY KEY (message, place),
        UNIQUE (message, address)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX waiting ON recipients (next_try_at) WHERE standing = 'waiting'",
    """
    CREATE TABLE seen (
        errand TEXT NOT NULL,
        key TEXT NOT NULL,
        mark TEXT NOT NULL,
        PRIMARY KEY (errand, key)
    ) WITHOUT ROWID
    """,
)

_SCHEDULES = (
    """
    CREATE TABLE schedules (
        name TEXT PRIMARY KEY,
        timing TEXT NOT NULL,
        next_at REAL NOT NULL,
        due_at REAL,
        began_at REAL,
        ended_at REAL,
        outcome TEXT,
        digest TEXT NOT NULL,
        missed INTEGER NOT NULL,
        skipped INTEGER NOT NULL,
        trouble TEXT NOT NULL
    ) WITHOUT ROWID
    """,
)

STEPS: tuple[tuple[str, ...], ...] = (_MAIL, _SCHEDULES)


def version_of(connection: sqlite3.Connection) -> int:
    """
    Read how many steps the database has behind it.

    Raises:
        sqlite3.Error: it cannot be read.
    """
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


def migrate(connection: sqlite3.Connection) -> None:
    """
    Take all steps that are left, each in a transaction of its own.

    Raises:
        sqlite3.Error: one failed, and left nothing behind.
    """
    while (version := version_of(connection)) < len(STEPS):
        connection.execute("BEGIN EXCLUSIVE")
        try:
            for statement in STEPS[version]:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {version + 1}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
