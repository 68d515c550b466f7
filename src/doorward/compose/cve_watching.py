"""Vulnerabilities watched with real ends: the network, this machine's packages, a database."""

from collections.abc import Callable

from doorward.compose.composed import composed
from doorward.compose.cve_sources import cve_sources
from doorward.compose.errand_locks import errand_lock
from doorward.core.cve_errands import CveErrand, CveSource
from doorward.core.errands import errand_name
from doorward.core.errors import StateError
from doorward.core.limits import Limits
from doorward.core.mail_settings import MailSettings
from doorward.core.ports import Clock
from doorward.errands.cve.watch import CveWatch, CveWatched
from doorward.stores.database import Database
from doorward.stores.seen import SqliteSeen
from doorward.stores.vulnerabilities import SqliteVulnerabilities


async def look_at_cves(
    errand: CveErrand,
    database: Database,
    clock: Clock,
    *,
    limits: Limits,
    mail: MailSettings,
    tell: Callable[[CveSource, int], None] = lambda _source, _entries: None,
) -> CveWatched:
    """
    Look once for `errand`; never two processes at the same time, which would tell the same twice.

    Args:
        errand: what to look at.
        database: open; what is known, what was told and the outbox stand in it.
        clock: of this process.
        limits: of sources, of what is known and of the outbox.
        mail: whose message it is.
        tell: is told how many entries of a source came so far.

    Raises:
        StateError: another process is at it, or what came could not be noted.
        MailError: there is nobody to tell.
    """
    async with (
        errand_lock(database.path.parent, errand_name(errand)),
        cve_sources(limits, clock) as sources,
    ):
        watch = CveWatch(
            sources=sources,
            known=SqliteVulnerabilities(database, clock=clock, limits=lambda: limits),
            seen=SqliteSeen(database, clock=clock, limits=lambda: limits),
            compose=lambda draft: composed(draft, mail, clock),
            wall_seconds=clock.wall,
            tell=tell,
        )
        try:
            return await watch.look(errand)
        except StateError as error:
            raise StateError(f"{errand.full_title}: what was seen cannot be noted: {error}") from error
