"""What the daemon answers to the command `cve`: nothing is brought in or opened until somebody asks."""

import asyncio
import os
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from doorward.compose.mail_watch import MailWatch
from doorward.core.limits import Limits
from doorward.stores.clock import SystemClock
from doorward.stores.places import DATABASE_NAME

if TYPE_CHECKING:
    from doorward.core.ports import VulnerabilityStore


class CveAnswers:
    """
    Reads what is known of vulnerabilities; makes and changes nothing.

    Args:
        folder: of the state.
        mail: has the database, in which they are kept beside the outbox.
        clock: of this process.
        limits: asked for with each answer, since a reload may change them.
    """

    def __init__(
        self, folder: Path, mail: MailWatch, clock: SystemClock, limits: Callable[[], Limits]
    ) -> None:
        self._folder = folder
        self._mail = mail
        self._clock = clock
        self._limits = limits

    async def answer(self, **values: Any) -> str:
        """
        What a run of `cve` writes, see `CveDesk`.

        Raises:
            BadArgument, StateError, TrustError: that is the reason why it cannot.
        """
        # they take their time, and no loop waits for them here
        answering = await asyncio.to_thread(import_module, "doorward.errands.cve.answering")
        installed = await asyncio.to_thread(import_module, "doorward.compose.installed")
        desk = answering.CveDesk(
            store=await self._store(), installed=installed.installed_packages, now_at=self._clock.wall()
        )
        text: str = await desk.answer(values)
        return text

    async def _store(self) -> "VulnerabilityStore | None":
        if not await asyncio.to_thread(os.path.lexists, self._folder / DATABASE_NAME):
            return None
        room = await self._mail.room()
        vulnerabilities = await asyncio.to_thread(import_module, "doorward.stores.vulnerabilities")
        store: VulnerabilityStore = vulnerabilities.SqliteVulnerabilities(
            room.database, clock=self._clock, limits=self._limits
        )
        return store
