"""The outbox in the database passes the suite of outboxes, and outlives the process."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from doorward.core.errors import StateError
from doorward.core.limits import Limits
from doorward.core.mail import Mail
from doorward.stores.database import Database
from doorward.stores.outbox import SqliteOutbox
from doorward.stores.seen import SqliteSeen
from doorward.testing.clock import ManualClock
from doorward.testing.outbox_contract import CONTRACT_LIMITS, OutboxContract, StoreUnderTest, a_mail, claimed


@pytest_asyncio.fixture
async def database(private_folder: Path) -> AsyncIterator[Database]:
    opened = Database(private_folder)
    await opened.open()
    yield opened
    await opened.close()


def store_of(database: Database, clock: ManualClock, *, boot: str = "this") -> StoreUnderTest:
    def limits() -> Limits:
        return CONTRACT_LIMITS

    return StoreUnderTest(
        SqliteOutbox(database, clock=clock, boot=boot, limits=limits),
        SqliteSeen(database, clock=clock, limits=limits),
        clock,
    )


class TestSqliteOutbox(OutboxContract):
    @pytest.fixture
    def store(self, database: Database) -> StoreUnderTest:
        return store_of(database, ManualClock())


async def test_what_was_put_in_is_there_in_the_next_process_with_its_lease(
    database: Database, private_folder: Path
) -> None:
    clock = ManualClock()
    store = store_of(database, clock)
    mail = a_mail("bob@example.org", "eve@example.org")
    number = await store.queue.put(mail)
    await claimed(store)
    await database.close()
    again = Database(private_folder)
    await again.open()
    try:
        later = store_of(again, clock)
        found = await later.queue.find(number)
        assert found is not None
        assert found[1] == mail
        assert await later.queue.claim(lease_seconds=1) is None
        # no process of another boot is alive
        after_a_boot = store_of(again, ManualClock(monotonic=5.0, wall=clock.wall()), boot="next")
        assert (await claimed(after_a_boot)).number == number
    finally:
        await again.close()


async def test_an_address_that_is_no_text_is_a_clear_error(database: Database) -> None:
    store = store_of(database, ManualClock())
    mail = Mail(sender="", recipients=("\ud800@example.org",), message_id="<1@x>", content=b"")
    with pytest.raises(StateError, match="cannot hold this"):
        await store.queue.put(mail)
    with pytest.raises(StateError, match="cannot hold this"):
        await store.queue.find(10**30)
    assert not await store.queue.messages()
