"""Where mail waits and goes out from: the database, its outbox, and who empties it."""

import asyncio
import os
import secrets
from importlib import import_module
from pathlib import Path

from doorward.core.mailboxes import domain_of_host
from doorward.core.ports import MailQueue
from doorward.core.settings import Settings
from doorward.errands.delivery import Deliverer
from doorward.stores.boot import boot_id
from doorward.stores.clock import SystemClock
from doorward.stores.database import Database
from doorward.stores.outbox import SqliteOutbox

_CLOSE_SECONDS = 5.0


class MailRoom:
    """
    The outbox of a state, and who empties it once there is something in it.

    Args:
        database: open.
        settings: where mail goes, and the limits of the outbox.
        clock: of this process.
        boot: which boot of the machine this is, see `boot_id`.

    Attributes:
        database: open until `close`.
        queue: the outbox in it.
    """

    def __init__(self, database: Database, settings: Settings, clock: SystemClock, *, boot: str) -> None:
        self._settings = settings
        self._clock = clock
        self._deliverer: Deliverer | None = None
        self._delivering: asyncio.Task[None] | None = None
        self.database = database
        self.queue: MailQueue = SqliteOutbox(
            database, clock=clock, boot=boot, limits=lambda: self._settings.limits
        )

    @property
    def trouble(self) -> str:
        """Why the server could not be reached when it was tried last; empty when it was."""
        trouble = None if self._deliverer is None else self._deliverer.trouble
        return "" if trouble is None else str(trouble)

    async def deliverer(self) -> Deliverer:
        """Who empties the outbox."""
        if self._deliverer is None:
            # it takes its time, and no loop waits for it here
            smtp = await asyncio.to_thread(import_module, "doorward.clients.smtp")
            host_name = domain_of_host(os.uname().nodename)
            self._deliverer = Deliverer(
                self.queue,
                smtp.SmtpMailer(lambda: self._settings.mail, host_name=host_name),
                clock=self._clock,
                limits=lambda: self._settings.limits,
                try_seconds=lambda: self._settings.mail.try_seconds,
                chance=secrets.SystemRandom().random,
            )
        return self._deliverer

    async def rouse(self) -> None:
        """
        Have what is due delivered, in the background, from the first time on that something waits.

        Raises:
            StateError: the outbox cannot be used.
        """
        if self._delivering is not None:
            (await self.deliverer()).wake()
        elif await self.queue.next_due_at() is not None:
            deliverer = await self.deliverer()
            self._delivering = asyncio.get_running_loop().create_task(deliverer.run(), name="delivery")

    def renew(self, settings: Settings) -> None:
        """Have `settings` count."""
        is_other_server = settings.mail != self._settings.mail
        self._settings = settings
        if is_other_server and self._deliverer is not None:
            self._deliverer.try_again()

    def stop(self) -> None:
        """Begin no other try; those under way go on. Idempotent."""
        if self._deliverer is not None:
            self._deliverer.stop()

    async def drain(self, within_seconds: float) -> None:
        """Stop, and wait for tries under way."""
        self.stop()
        if self._delivering is not None:
            await asyncio.wait({self._delivering}, timeout=within_seconds)

    async def close(self) -> None:
        """Cut off what is under way, and close the database."""
        # a state that refuses what came of a try may take the place of its being cancelled
        self.stop()
        if self._delivering is not None:
            self._delivering.cancel()
            await asyncio.wait({self._delivering}, timeout=_CLOSE_SECONDS)
        await self.database.close()


async def open_mail_room(folder: Path, settings: Settings, clock: SystemClock) -> MailRoom:
    """
    Open the database of the state in `folder`, which is made where it is missing.

    Raises:
        StateError, TrustError: it cannot be used.
    """
    database = Database(folder)
    await database.open()
    # a file, and no loop waits for it here
    return MailRoom(database, settings, clock, boot=await asyncio.to_thread(boot_id))
