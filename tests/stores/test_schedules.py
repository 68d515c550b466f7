"""How far schedules are, in the database: what was saved is there, with its mail or without either."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from doorward.core.errors import StateError
from doorward.core.limits import Limits
from doorward.core.outcome import Outcome, OutcomeKind
from doorward.core.ports import MailQueue, ScheduleStore
from doorward.core.schedules import ScheduleState
from doorward.stores.database import Database
from doorward.stores.outbox import SqliteOutbox
from doorward.stores.schedules import SqliteSchedules
from doorward.testing.clock import ManualClock
from doorward.testing.outbox import MemoryOutbox
from doorward.testing.outbox_contract import CONTRACT_LIMITS, a_mail
from doorward.testing.schedules import MemorySchedules

FRESH = ScheduleState(name="nightly", timing="at 04:30", next_at=1_750_000_000.5)
ENDED = replace(
    FRESH,
    due_at=1.0,
    began_at=2.0,
    ended_at=3.0,
    outcome=Outcome(OutcomeKind.EXITED, status=3, cut_at_bytes=64),
    digest="ab" * 32,
    missed=2,
    skipped=1,
    trouble="its mail could not be queued: é",
)


def limits() -> Limits:
    return CONTRACT_LIMITS


@pytest_asyncio.fixture
async def database(private_folder: Path) -> AsyncIterator[Database]:
    opened = Database(private_folder)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture(params=["memory", "sqlite"])
def stores(request: pytest.FixtureRequest, database: Database) -> tuple[ScheduleStore, MailQueue]:
    clock = ManualClock()
    if request.param == "memory":
        queue = MemoryOutbox(clock, CONTRACT_LIMITS)
        return MemorySchedules(queue), queue
    return (
        SqliteSchedules(database, clock=clock, limits=limits),
        SqliteOutbox(database, clock=clock, boot="this", limits=limits),
    )


async def test_what_is_saved_takes_the_place_of_what_was(stores: tuple[ScheduleStore, MailQueue]) -> None:
    store, _ = stores
    assert await store.load() == {}
    await store.save(FRESH)
    await store.save(replace(FRESH, name="other"))
    await store.save(ENDED)
    assert await store.load() == {"nightly": ENDED, "other": replace(FRESH, name="other")}
    await store.forget(["other", "unknown"])
    assert await store.load() == {"nightly": ENDED}


async def test_state_and_mail_are_kept_together_or_neither(stores: tuple[ScheduleStore, MailQueue]) -> None:
    store, queue = stores
    await store.save(FRESH, a_mail())
    assert len(await queue.messages()) == 1
    with pytest.raises(StateError):
        await store.save(ENDED, a_mail(content=b"x" * (CONTRACT_LIMITS.message_bytes + 1)))
    assert await store.load() == {"nightly": FRESH}
    assert len(await queue.messages()) == 1


async def test_what_does_not_say_how_it_ended_is_a_clear_error(database: Database) -> None:
    store = SqliteSchedules(database, clock=ManualClock(), limits=limits)
    await store.save(ENDED)
    await database.write(lambda connection: connection.execute("UPDATE schedules SET outcome = '[]'"))
    with pytest.raises(StateError, match="does not say how the schedule nightly ended"):
        await store.load()
