"""Looks at vulnerabilities at the command line, once or again and again, and what is printed of them."""

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from doorward.cli.outbox import given_options, has_daemon, report, send_now, with_outbox
from doorward.cli.screen import complain, complain_of, is_terminal
from doorward.compose.cve_watching import look_at_cves
from doorward.config.local_zone import local_zone
from doorward.core.cve_errands import CveErrand, CveSource
from doorward.core.errors import DoorwardError
from doorward.core.schedules import Every
from doorward.core.timing import first_at
from doorward.errands.cve.report import gone_of, watched_members
from doorward.stores.clock import SystemClock

if TYPE_CHECKING:
    from doorward.compose.mail_room import MailRoom
    from doorward.core.settings import Settings
    from doorward.errands.cve.watch import CveWatched

_ERASED = "\r\x1b[K"


class Watching:
    """
    Looks for some errands.

    Args:
        errands: at least one.
        settings: of the configuration.
        state, config: as the options said.
        every: how often; None for as often as each errand says.
        as_json: print a line of JSON for each look, and nothing for people.
    """

    def __init__(
        self,
        errands: Sequence[CveErrand],
        settings: "Settings",
        *,
        state: str | None,
        config: Path | None,
        every: Every | None,
        as_json: bool,
    ) -> None:
        self._errands = errands
        self._settings = settings
        self._state = state
        self._given = given_options(state, config)
        self._every = every
        self._as_json = as_json
        self._has_progress = is_terminal(sys.stderr)

    def run(self, *, once: bool) -> int:
        """
        Look once for each, or until somebody ends it; returns the exit status.

        Raises:
            StateError, TrustError: the state cannot be used.
        """
        is_daemons = has_daemon(self._state)

        async def work(room: "MailRoom") -> int:
            clock = SystemClock(asyncio.get_running_loop())
            due = {errand.name: 0.0 for errand in self._errands}
            while True:
                status = 0
                for errand in self._errands:
                    if due[errand.name] <= clock.wall():
                        status = max(status, await self._look(room, clock, errand, is_daemons=is_daemons))
                        due[errand.name] = self._next_at(errand, clock.wall())
                if once:
                    return status
                await asyncio.sleep(max(0.0, min(due.values()) - clock.wall()))

        return with_outbox(self._state, self._settings, work, make=True)

    def _next_at(self, errand: CveErrand, now: float) -> float:
        return first_at(self._every or errand.timing, now=now, zone=local_zone(os.environ))

    async def _look(
        self, room: "MailRoom", clock: SystemClock, errand: CveErrand, *, is_daemons: bool
    ) -> int:
        """Look, and print what came of it; returns the status."""
        try:
            watched = await look_at_cves(
                errand,
                room.database,
                clock,
                limits=self._settings.limits,
                mail=self._settings.mail,
                tell=self._show_progress,
            )
            sent = await send_now(room, watched.mails, has_daemon=is_daemons) if watched.mails else []
        except DoorwardError as error:
            self._erase_progress()
            return complain_of(error)
        self._erase_progress()
        status = self._print(errand, watched, clock.wall())
        return max((status, *(report(each, given=self._given) for each in sent)))

    def _print(self, errand: CveErrand, watched: "CveWatched", now: float) -> int:
        gone = gone_of(watched)
        if self._as_json:
            click.echo(json.dumps(watched_members(errand, watched, at=now), ensure_ascii=False))
        elif watched.text:
            click.echo(watched.text, nl=False)
        else:
            # nothing to tell is nothing on stdout, which somebody may mail
            complain(f"{errand.full_title}: {gone.text}")
        sys.stdout.flush()
        for note in gone.notes:
            complain(f"{errand.full_title}: {note}")
        return max(map(complain_of, gone.troubles), default=0)

    def _show_progress(self, source: CveSource, entries: int) -> None:
        if self._has_progress:
            click.echo(f"{_ERASED}{source.kind.value}: {entries:,} so far", nl=False, err=True)

    def _erase_progress(self) -> None:
        if self._has_progress:
            click.echo(_ERASED, nl=False, err=True)
