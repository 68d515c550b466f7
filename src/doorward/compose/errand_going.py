"""Going on errands of every kind, by the clock or because somebody wants it now."""

from collections.abc import Callable

from doorward.compose.feeds import WatchedFeeds
from doorward.core.errands import Errand
from doorward.core.ports import Clock
from doorward.core.settings import Settings
from doorward.errands.feed_report import outcome_text
from doorward.errands.gone import Gone
from doorward.stores.database import Database


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

    async def go(self, errand: Errand) -> Gone:
        """
        Go on `errand` once.

        Raises:
            StateError: another process is on it, or what came of it could not be noted.
            DoorwardError: it failed, as its kind says; nothing is lost, and all is to be done next time.
        """
        watched = await self._feeds.look(errand)
        return Gone(text=outcome_text(watched), mails=watched.mails, notes=watched.notes)
