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

_VULNERABILITIES = (
    # of an id of CVE, the number follows from it and there is no key; any other has one below 0. The columns
    # from is_rejected to published_us follow from the accounts: lists are found and ordered by them
    """
    CREATE TABLE vulnerabilities (
        number INTEGER PRIMARY KEY,
        key TEXT CHECK ((key IS NULL) = (number > 0)),
        id TEXT NOT NULL,
        first_seen_at REAL NOT NULL,
        changed_at REAL NOT NULL,
        epss REAL,
        told_epss REAL,
        is_rejected INTEGER NOT NULL,
        exploited_on TEXT,
        exposed INTEGER NOT NULL,
        sources TEXT NOT NULL,
        score REAL,
        published_us INTEGER
    )
    """,
    "CREATE UNIQUE INDEX vulnerability_keys ON vulnerabilities (key) WHERE key IS NOT NULL",
    "CREATE INDEX vulnerabilities_by_day ON vulnerabilities (published_us)",
    """
    CREATE TABLE vulnerability_accounts (
        vulnerability INTEGER NOT NULL REFERENCES vulnerabilities ON DELETE CASCADE,
        source TEXT NOT NULL,
        digest BLOB NOT NULL,
        content BLOB NOT NULL
    )
    """,
    "CREATE UNIQUE INDEX accounts_of ON vulnerability_accounts (vulnerability, source)",
    # with the digest, so that an account that is as it was is told by the index alone
    "CREATE INDEX accounts_by ON vulnerability_accounts (source, vulnerability, digest)",
    # what follows from the accounts too, and is removed with them by hand: a reference that cascades would
    # need an index as large as the table
    """
    CREATE TABLE vulnerability_names (
        name TEXT NOT NULL,
        vulnerability INTEGER NOT NULL,
        PRIMARY KEY (name, vulnerability)
    ) WITHOUT ROWID
    """,
    # the texts, by the numbers of the vulnerabilities
    """
    CREATE VIRTUAL TABLE vulnerability_words USING fts5 (words, tokenize = "ascii tokenchars '_'")
    """,
    """
    CREATE TABLE vulnerability_changes (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        vulnerability INTEGER NOT NULL REFERENCES vulnerabilities ON DELETE CASCADE,
        at REAL NOT NULL,
        kind TEXT NOT NULL,
        before TEXT NOT NULL,
        after TEXT NOT NULL
    )
    """,
    "CREATE INDEX changes_of ON vulnerability_changes (vulnerability)",
    "CREATE INDEX changes_at ON vulnerability_changes (at)",
    """
    CREATE TABLE vulnerability_marks (
        source TEXT NOT NULL,
        key TEXT NOT NULL,
        mark TEXT NOT NULL,
        PRIMARY KEY (source, key)
    ) WITHOUT ROWID
    """,
    # of all ids, known or not
    """
    CREATE TABLE epss (
        number INTEGER PRIMARY KEY,
        score REAL NOT NULL,
        percentile REAL NOT NULL
    )
    """,
)

STEPS: tuple[tuple[str, ...], ...] = (_MAIL, _SCHEDULES, _VULNERABILITIES)

CHECKED_TABLES = ("messages", "contents", "recipients", "seen", "schedules")
"""
Those that are read whole when a large database is opened, to see whether they are sound.

Vulnerabilities are not among them: they can be had from their sources again, and hundreds of MiB of them are
not to be read whenever somebody sends mail. Damage there is told when it is met.
"""


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
