"""Watches for mail that anybody queues, and brings in what delivers it when there is some."""

import asyncio
import contextlib
import logging
import os
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from doorward.core.errors import DoorwardError, fault_of
from doorward.core.settings import Settings
from doorward.stores.clock import SystemClock
from doorward.stores.places import DATABASE_NAME

if TYPE_CHECKING:
    from doorward.compose.mail_room import MailRoom

_log = logging.getLogger("doorward.mail")

LOOK_SECONDS = 5.0
"""How soon a message that another process queued is seen."""

_Seen = tuple[tuple[int, int], ...]


class MailWatch:
    """
    The daemon's mail.

    Args:
        folder: of the state.
        settings: where mail goes, and the limits of the queue.
        clock: of this process.
    """

    def __init__(self, folder: Path, settings: Settings, clock: SystemClock) -> None:
        self._folder = folder
        self._settings = settings
        self._clock = clock
        self._room: MailRoom | None = None
        self._entering = asyncio.Lock()
        self._watching: asyncio.Task[None] | None = None
        self._trouble = ""

    def begin(self) -> None:
        """Watch from now on."""
        self._watching = asyncio.get_running_loop().create_task(self._watch(), name="mail")

    @property
    def notices(self) -> tuple[str, ...]:
        """Why mail waits; nothing when it need not."""
        trouble = self._trouble or ("" if self._room is None else self._room.trouble)
        return (f"mail waits: {trouble}",) if trouble else ()

    async def room(self) -> "MailRoom":
        """
        The outbox and the database that it is in, open; made where it is missing.

        Raises:
            StateError, TrustError: the database cannot be used.
        """
        async with self._entering:
            if self._room is None:
                # SQLite takes its time to be imported, and no loop waits for it here
                module = await asyncio.to_thread(import_module, "doorward.compose.mail_room")
                self._room = await module.open_mail_room(self._folder, self._settings, self._clock)
            return self._room

    def renew(self, settings: Settings) -> None:
        """Have `settings` count; what waits for the server is tried at once when it is another one."""
        self._settings = settings
        if self._room is not None:
            self._room.renew(settings)

    def stop(self) -> None:
        """Begin no other try; those under way go on. Idempotent."""
        if self._watching is not None:
            self._watching.cancel()
        if self._room is not None:
            self._room.stop()

    async def drain(self, within_seconds: float) -> None:
        """Stop, and let tries under way come to their end: a message cut off is sent twice."""
        self.stop()
        await self._end_watching()
        if self._room is not None:
            await self._room.drain(within_seconds)

    async def close(self) -> None:
        """End everything that is left; what was not delivered waits in the outbox."""
        await self._end_watching()
        if self._room is not None:
            await self._room.close()

    async def _end_watching(self) -> None:
        watching, self._watching = self._watching, None
        if watching is not None:
            watching.cancel()
            await asyncio.wait({watching})

    async def _watch(self) -> None:
        seen: _Seen = ()
        while True:
            now = await asyncio.to_thread(_look, self._folder)
            if now != seen and await self._rouse():
                seen = now
            await asyncio.sleep(LOOK_SECONDS)

    async def _rouse(self) -> bool:
        """Whether the queue could be looked at."""
        try:
            room = await self.room()
            await room.rouse()
        except Exception as error:  # noqa: BLE001 - logged; the daemon goes on, and so does its mail
            is_meant = isinstance(error, DoorwardError)
            trouble = str(error) if is_meant else fault_of(error)
            if trouble != self._trouble:
                _log.error("mail waits: %s", trouble, exc_info=not is_meant)
            self._trouble = trouble
            return False
        self._trouble = ""
        return True


def _look(folder: Path) -> _Seen:
    """What changes with each message that anybody queues; nothing where there is no outbox."""
    facts: list[tuple[int, int]] = []
    for name in (DATABASE_NAME, f"{DATABASE_NAME}-wal"):
        with contextlib.suppress(OSError):
            status = os.stat(folder / name)
            facts.append((status.st_mtime_ns, status.st_size))
    return tuple(facts)
