"""Backups carried away, with real ends: a folder of this machine, a place away, and pauses that take time."""

import asyncio
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType

from doorward.clients._endpoints import url_to_show
from doorward.compose.backup_places import apart, place_at
from doorward.core.backup_errands import AT_ONCE, RETRIES, BackupErrand, Check
from doorward.core.backup_store import BackupStore
from doorward.core.errors import BackupError, ConnectError, TrustError
from doorward.core.secret import Secret
from doorward.errands.backups.checking import Checking
from doorward.errands.backups.pace import Pace
from doorward.errands.backups.patience import Patience
from doorward.errands.backups.planning import Planned, Wish
from doorward.errands.backups.probing import Probing
from doorward.errands.backups.reaching import Again
from doorward.errands.backups.removing import Removing
from doorward.errands.backups.report import Report
from doorward.errands.backups.run import BackupRun
from doorward.errands.backups.sending import Sending
from doorward.errands.backups.watching import Nobody, Watcher
from doorward.stores.backup_folder import BackupFolder


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """
    What is to be carried where, and how.

    Attributes:
        folder: where the backups are made.
        store: where they are kept.
        wish: which, and how many stay.
        check: how a file is compared.
        at_once: how many go at the same time.
        bytes_per_second: all of them together; 0 for as fast as it goes.
        retries: how often in a row a file is tried again.
    """

    folder: Path
    store: BackupStore
    wish: Wish
    check: Check = Check.SIZE
    at_once: int = AT_ONCE
    bytes_per_second: int = 0
    retries: int = RETRIES

    @property
    def kept_apart(self) -> BackupStore:
        """`store`, which is not entered if it is the folder in which the backups are made."""
        return apart(self.store, self.folder)


def job_of(errand: BackupErrand, environment: Mapping[str, str], *, password: Secret | None = None) -> Job:
    """
    What an errand of a configuration is to do; files of logins are read, so not on a loop.

    Raises:
        ConnectError: what one logs in with cannot be read.
        TrustError: others may read it.
    """
    return Job(
        folder=Path(errand.folder),
        store=place_at(errand.destination, errand.access, password=password, environment=environment),
        wish=Wish(
            keep=errand.keep,
            names=MappingProxyType(dict.fromkeys(errand.names)),
            most_removals=errand.most_removals,
        ),
        check=errand.check,
        at_once=errand.at_once,
        bytes_per_second=errand.bytes_per_second,
        retries=errand.retries,
    )


_TOKEN_BITS = 64
_ANOTHER_SECONDS = 12 * 3600.0
"""How long an errand waits for another one: a folder goes to a disk and off-site at the same hour."""

_BROKEN_OFF = "it was broken off; the parts stay there, and the next run goes on with them"


class BrokenOff(Exception):
    """
    A run that was cancelled.

    Attributes:
        report: what was done before.
    """

    def __init__(self, report: Report) -> None:
        super().__init__()
        self.report = report


async def push_or_tell(job: Job, watcher: Watcher) -> Report:
    """
    Carry backups away on a loop that is of this run alone; what fails is in the report.

    Raises:
        BrokenOff: it was cancelled.
    """
    run = _run(job, BackupFolder(job.folder), watcher)
    try:
        return await _pushed(job, run, watcher, within_seconds=0.0)
    except asyncio.CancelledError:
        raise BrokenOff(run.so_far(_BROKEN_OFF)) from None


async def _pushed(job: Job, run: BackupRun, watcher: Watcher, *, within_seconds: float) -> Report:
    """What came of a run; another one of the same folder is waited for within so many seconds."""
    folder = BackupFolder(job.folder)
    wait = partial(watcher.paused, folder.path, "another run carries backups from here just now", 0.0)
    try:
        async with folder.held(within_seconds=within_seconds, on_wait=wait):
            return await run.push()
    except BackupError as error:
        return failed(job.folder, job.store.address, error)


async def plan(job: Job, watcher: Watcher | None = None) -> Planned:
    """
    Tell what `push` would do; nothing is changed.

    Raises:
        BackupError, StoreError: one of the two folders cannot be listed.
    """
    return await _run(job, BackupFolder(job.folder), watcher or Nobody()).plan()


async def carry(
    errand: BackupErrand, environment: Mapping[str, str], watcher: Watcher | None = None
) -> Report:
    """Go on an errand, after another that carries from the same folder; what fails is in the report."""
    try:
        job = await asyncio.to_thread(job_of, errand, environment)
    except (ConnectError, TrustError) as error:
        return failed(Path(errand.folder), url_to_show(errand.destination), error)
    watcher = watcher or Nobody()
    run = _run(job, BackupFolder(job.folder), watcher)
    return await _pushed(job, run, watcher, within_seconds=_ANOTHER_SECONDS)


def failed(folder: Path, address: str, error: BackupError | ConnectError | TrustError) -> Report:
    """The report of a run that did not come to anything."""
    return Report(folder=str(folder), address=address, problem=str(error), error=error)


def pace_of(bytes_per_second: int) -> Pace:
    """How fast it may go, by the clock of this machine."""
    return Pace(bytes_per_second, monotonic=time.monotonic)


def again_of(retries: int, watcher: Watcher | None = None) -> Again:
    """Trying again, with pauses that take their time."""
    return Again(patience_of(retries), watcher or Nobody())


def patience_of(retries: int) -> Patience:
    """With pauses that take their time."""
    return Patience(chance=secrets.SystemRandom().random, retries=retries)


def _run(job: Job, folder: BackupFolder, watcher: Watcher) -> BackupRun:
    pace, again = pace_of(job.bytes_per_second), again_of(job.retries, watcher)
    # nobody watches: a bar counts what is on its way there
    checking = Checking(job.store, folder, pace=pace, watcher=Nobody(), again=again, only_sizes=False)
    return BackupRun(
        source=folder,
        store=job.kept_apart,
        wish=job.wish,
        sending=Sending(
            folder,
            check=job.check,
            pace=pace,
            watcher=watcher,
            patience=patience_of(job.retries),
        ),
        removing=Removing(
            folder,
            job.wish,
            probing=Probing(folder, lambda: secrets.randbits(_TOKEN_BITS)),
            again=again,
            checking=checking if job.check is Check.HASH else None,
        ),
        again=again,
        watcher=watcher,
        at_once=job.at_once,
        monotonic=time.monotonic,
    )
