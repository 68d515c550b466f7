"""How far schedules are, in the same database as the mail that tells of their runs."""

import json
import sqlite3
from collections.abc import Callable, Collection, Mapping
from typing import Any

from doorward.core.errors import StateError
from doorward.core.limits import Limits
from doorward.core.mail import Mail
from doorward.core.outcome import Outcome, outcome_from, outcome_members
from doorward.core.ports import Clock
from doorward.core.schedules import ScheduleState
from doorward.stores.database import Database
from doorward.stores.outbox import put_mail

_COLUMNS = "name, timing, next_at, due_at, began_at, ended_at, outcome, digest, missed, skipped, trouble"


class SqliteSchedules:
    """
    The `ScheduleStore` in the database.

    Args:
        database: open; the outbox stands in it too.
        clock: says when a message is queued.
        limits: asked for with each call, since a reload may change them.
    """

    def __init__(self, database: Database, *, clock: Clock, limits: Callable[[], Limits]) -> None:
        self._database = database
        self._clock = clock
        self._limits = limits

    async def load(self) -> Mapping[str, ScheduleState]:
        def read(connection: sqlite3.Connection) -> dict[str, ScheduleState]:
            rows = connection.execute(f"SELECT {_COLUMNS} FROM schedules")  # noqa: S608 - constants
            return {row[0]: self._state(row) for row in rows}

        return await self._database.read(read)

    async def save(self, state: ScheduleState, mail: Mail | None = None) -> None:
        limits, now = self._limits(), self._clock.wall()

        def note(connection: sqlite3.Connection) -> None:
            outcome = None if state.outcome is None else json.dumps(outcome_members(state.outcome))
            marks = ", ".join("?" * len(_COLUMNS.split(", ")))
            connection.execute(
                f"INSERT OR REPLACE INTO schedules ({_COLUMNS}) VALUES ({marks})",  # noqa: S608 - constants
                (
                    *(state.name, state.timing, state.next_at, state.due_at, state.began_at, state.ended_at),
                    *(outcome, state.digest, state.missed, state.skipped, state.trouble),
                ),
            )
            if mail is not None:
                put_mail(connection, mail, now=now, limits=limits)

        await self._database.write(note)

    async def forget(self, names: Collection[str]) -> None:
        rows = [(name,) for name in names]
        await self._database.write(
            lambda connection: connection.executemany("DELETE FROM schedules WHERE name = ?", rows)
        )

    def _state(self, row: Any) -> ScheduleState:
        name, timing, next_at, due_at, began_at, ended_at, outcome, digest, missed, skipped, trouble = row
        return ScheduleState(
            name=name,
            timing=timing,
            next_at=next_at,
            due_at=due_at,
            began_at=began_at,
            ended_at=ended_at,
            outcome=None if outcome is None else self._outcome(outcome, name),
            digest=digest,
            missed=missed,
            skipped=skipped,
            trouble=trouble,
        )

    def _outcome(self, text: str, name: str) -> Outcome:
        try:
            return outcome_from(json.loads(text))
        except (ValueError, AttributeError, RecursionError) as error:
            raise StateError(f"{self._database.path} does not say how the schedule {name} ended") from error
