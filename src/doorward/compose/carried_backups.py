"""Backups as errands of a daemon: carried by the clock, and told of by mail."""

import asyncio
import hashlib
import os
from collections.abc import Callable

from doorward.compose.backups import carry
from doorward.compose.composed import composed
from doorward.core.backup_errands import BackupErrand
from doorward.core.backups import name_before_number
from doorward.core.errors import BackupError, DoorwardError
from doorward.core.outcome import SUCCESS, Outcome, OutcomeKind
from doorward.core.ports import Clock, SeenStore
from doorward.core.schedules import wants_mail
from doorward.core.settings import Settings
from doorward.errands.backups.mailing import draft_of
from doorward.errands.backups.report import Did, Report, summary
from doorward.errands.gone import Gone
from doorward.stores.database import Database
from doorward.stores.seen import SqliteSeen

_DIGEST = "digest"


class CarriedBackups:
    """
    The backups that errands carry away, with the mail about them in the database of a state.

    Args:
        database: open; the outbox stands in it too.
        clock: of this process.
        settings: asked for with each run, since a reload may change them.
    """

    def __init__(self, database: Database, clock: Clock, settings: Callable[[], Settings]) -> None:
        self._clock = clock
        self._settings = settings
        self._seen: SeenStore = SqliteSeen(database, clock=clock, limits=lambda: settings().limits)

    async def go(self, errand: BackupErrand) -> Gone:
        """
        Carry what is to be carried, and mail what came of it where that is wanted.

        Raises:
            StateError: the mail could not be queued.
            MailError: there is nobody to tell.
        """
        report = await carry(errand, os.environ)
        number = await self._tell(errand, report)
        return Gone(
            text=summary(report),
            mails=() if number is None else (number,),
            notes=report.notes,
            troubles=() if report.is_success else (trouble_of(report),),
        )

    async def _tell(self, errand: BackupErrand, report: Report) -> int | None:
        name = f"backup:{errand.name}"
        digest = _digest_of(report)
        before = (await self._seen.seen(name)).get(_DIGEST, "")
        outcome = SUCCESS if report.is_success else Outcome(OutcomeKind.FAILED)
        is_wanted = wants_mail(errand.mail, outcome, digest=digest, digest_before=before)
        mail = None
        if is_wanted:
            draft = await asyncio.to_thread(draft_of, errand, report, host=os.uname().nodename)
            mail = await composed(draft, self._settings().mail, self._clock)
        return await self._seen.commit(name, {_DIGEST: digest}, mail)


def _digest_of(report: Report) -> str:
    """Of how it ended, which the next night's numbers do not change."""
    failed = {
        (name_before_number(each.file) or each.file, each.reason)
        for each in report.entries
        if each.did is Did.FAILED
    }
    told = repr((report.is_success, report.problem, sorted(failed)))
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()


def trouble_of(report: Report) -> DoorwardError:
    """Why a run was no success, as an error for whoever asked for it."""
    return report.error or BackupError(report.address, summary(report))
