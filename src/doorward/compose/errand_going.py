"""Going on errands of every kind, by the clock or because somebody wants it now."""

import asyncio
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, assert_never

from doorward.core.backup_errands import BackupErrand
from doorward.core.cve_errands import CveErrand
from doorward.core.errands import Errand
from doorward.core.feed_errands import FeedErrand
from doorward.core.ports import Clock
from doorward.core.settings import Settings
from doorward.errands.feed_report import outcome_text
from doorward.errands.gone import Gone
from doorward.stores.database import Database

if TYPE_CHECKING:
    from doorward.compose.carried_backups import CarriedBackups
    from doorward.compose.cve_look import CveLooks
    from doorward.compose.feeds import WatchedFeeds


class ErrandGoing:
    """
    Goes on errands. What only one kind needs is brought in with the first of that kind.

    Args:
        database: open; the outbox and what errands note stand in it.
        clock: of this process.
        settings: asked for with each errand, since a reload may change them.
    """

    def __init__(self, database: Database, clock: Clock, settings: Callable[[], Settings]) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._feeds: WatchedFeeds | None = None
        self._cves: CveLooks | None = None
        self._backups: CarriedBackups | None = None

    async def go(self, errand: Errand) -> Gone:
        """
        Go on `errand` once.

        Raises:
            StateError: another process is on it, or what came of it could not be noted.
            DoorwardError: it failed, as its kind says; nothing is lost, and all is to be done next time.
        """
        match errand:
            case FeedErrand():
                return await self._look_at_feed(errand)
            case CveErrand():
                return await self._look_at_cves(errand)
            case BackupErrand():
                return await self._carry_backups(errand)
            case _:
                assert_never(errand)

    def stop(self) -> None:
        """End what goes on in processes of its own, and begin no more of it; idempotent."""
        if self._cves is not None:
            self._cves.stop()

    # what a kind brings in takes its time, and no loop waits: another errand may have made it meanwhile

    async def _look_at_feed(self, errand: FeedErrand) -> Gone:
        feeds = await asyncio.to_thread(import_module, "doorward.compose.feeds")
        if self._feeds is None:
            self._feeds = feeds.WatchedFeeds(self._database, self._clock, self._settings)
        watched = await self._feeds.look(errand)
        return Gone(text=outcome_text(watched), mails=watched.mails, notes=watched.notes)

    async def _look_at_cves(self, errand: CveErrand) -> Gone:
        cves = await asyncio.to_thread(import_module, "doorward.compose.cve_look")
        if self._cves is None:
            self._cves = cves.CveLooks(self._database.path.parent)
        settings = self._settings()
        return await self._cves.look(errand, limits=settings.limits, mail=settings.mail)

    async def _carry_backups(self, errand: BackupErrand) -> Gone:
        backups = await asyncio.to_thread(import_module, "doorward.compose.carried_backups")
        if self._backups is None:
            self._backups = backups.CarriedBackups(self._database, self._clock, self._settings)
        return await self._backups.go(errand)
