"""What errands told already, in the same database as the mail that tells it."""

import sqlite3
from collections.abc import Callable, Collection, Mapping

from doorward.core.errors import StateError
from doorward.core.limits import Limits
from doorward.core.mail import Mail
from doorward.core.ports import Clock
from doorward.stores.database import Database
from doorward.stores.outbox import put_mail

MARK_CHARACTERS = 1024
"""Of a key, and of its mark: what may be longer is hashed by the errand."""


class SqliteSeen:
    """
    The `SeenStore` in the database.

    Args:
        database: open; the outbox stands in it too.
        clock: says when a message is queued.
        limits: asked for with each call, since a reload may change them.
    """

    def __init__(self, database: Database, *, clock: Clock, limits: Callable[[], Limits]) -> None:
        self._database = database
        self._clock = clock
        self._limits = limits

    async def seen(self, errand: str) -> Mapping[str, str]:
        def look(connection: sqlite3.Connection) -> dict[str, str]:
            return dict(connection.execute("SELECT key, mark FROM seen WHERE errand = ?", (errand,)))

        return await self._database.read(look)

    async def commit(
        self, errand: str, seen: Mapping[str, str], mail: Mail | None, *, forgotten: Collection[str] = ()
    ) -> int | None:
        limits, now = self._limits(), self._clock.wall()
        _check_lengths(seen)

        def note(connection: sqlite3.Connection) -> int | None:
            connection.executemany(
                "DELETE FROM seen WHERE errand = ? AND key = ?", [(errand, key) for key in forgotten]
            )
            connection.executemany(
                "INSERT INTO seen (errand, key, mark) VALUES (?, ?, ?)"
                " ON CONFLICT (errand, key) DO UPDATE SET mark = excluded.mark",
                [(errand, key, mark) for key, mark in seen.items()],
            )
            _check_count(connection, errand, limits)
            return None if mail is None else put_mail(connection, mail, now=now, limits=limits)

        return await self._database.write(note)


def _check_lengths(seen: Mapping[str, str]) -> None:
    for key, mark in seen.items():
        if max(len(key), len(mark)) > MARK_CHARACTERS:
            raise StateError(f"a mark has more than {MARK_CHARACTERS} characters: {key[:64]}...")


def _check_count(connection: sqlite3.Connection, errand: str, limits: Limits) -> None:
    row = connection.execute("SELECT count(*) FROM seen WHERE errand = ?", (errand,)).fetchone()
    if row[0] > limits.seen_marks:
        raise StateError(
            f"there would be more marks than seen_marks of [limits], which is {limits.seen_marks}"
        )
