"""Going on errands of every kind, by the clock or because somebody wants it now."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, assert_never

from doorward.compose.feeds import WatchedFeeds
from doorward.core.backup_errands import BackupErrand
from doorward.core.errands import Errand
from doorward.core.feed_errands import FeedErrand
from doorward.core.ports import Clock
from doorward.core.settings import Settings
from doorward.errands.feed_report import outcome_text
from doorward.errands.gone import Gone
from doorward.stores.database import Database

if TYPE_CHECKING:
    from doorward.compose.carried_backups import CarriedBackups


class ErrandGoing:
    """
    Goes on errands. What only one kind needs is brought in with the first of that kind.

    Args:
        database: open; the outbox and what errands note stand in it.
        clock: of this process.
        settings: asked for with each errand, since a reload may change them.
    """

    def __init__(self, database: Database, clock: Clock, settings: Callable[[], Settings]) -> None:
        self._feeds = WatchedFeeds(database, clock, settings)
        self._backups = partial(_backups, database, clock, settings)

    async def go(self, errand: Errand) -> Gone:
        """
        Go on `errand` once.

        Raises:
            StateError: another process is on it, or what came of it could not be noted.
            DoorwardError: it failed, as its kind says; nothing is lost, and all is to be done next time.
        """
        match errand:
            case FeedErrand():
                watched = await self._feeds.look(errand)
                return Gone(text=outcome_text(watched), mails=watched.mails, notes=watched.notes)
            case BackupErrand():
                backups = await asyncio.to_thread(self._backups)
                return await backups.go(errand)
            case _:
                assert_never(errand)


def _backups(database: Database, clock: Clock, settings: Callable[[], Settings]) -> "CarriedBackups":
    # it takes its time to be brought in, and no loop waits for it here
    from doorward.compose.carried_backups import CarriedBackups

    return CarriedBackups(database, clock, settings)
