"""What a state knows of vulnerabilities, for the length of one command that only reads."""

import asyncio
import contextlib
import os
import re
import shlex
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from doorward.cli.named_state import has_passed_over, opened_state, told_of_passed_over
from doorward.cli.screen import complain
from doorward.core.errors import DoorwardError
from doorward.stores.owners import acting_as_owner
from doorward.stores.places import DATABASE_NAME

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from doorward.core.installed import Installed
    from doorward.core.limits import Limits
    from doorward.core.ports import VulnerabilityStore

_T = TypeVar("_T")

Work = Callable[[float, "VulnerabilityStore | None"], Awaitable[_T]]

STATE_HELP = "The state that knows them; otherwise $STATE_DIRECTORY, or your own state folder."

_COMPLETED = re.compile(r"[A-Za-z0-9][A-Za-z0-9:._+/-]*")
"""What a feed calls its advisories is a stranger's, and a shell runs what stands in a word as `$(...)`."""

_LOOKED_THROUGH = 2_000
"""The most urgent ones are completed: a shell that waits longer for a list feels broken."""


def with_vulnerabilities(state: str | None, work: "Work[_T]") -> _T:
    """
    Have `work` read what the state that `state` names, or the usual one, knows; root acts as its owner.

    Args:
        state: as `--state` has it.
        work: gets the time in seconds since the epoch, and the store; None where nothing was kept yet, and
            nothing is made then.

    Raises:
        StateError, TrustError: it cannot be read.
    """
    folder = opened_state(state, os.environ)
    results: list[_T] = []

    async def read(kept: Path | None) -> None:
        # not returned: `asyncio.run` of Python 3.11 has signal.getsignal() write its task out, result and all
        results.append(await _with_store(kept, work))

    with acting_as_owner(folder):
        asyncio.run(read(folder if os.path.lexists(folder / DATABASE_NAME) else None))
    return results[0]


async def _with_store(folder: Path | None, work: "Work[_T]") -> _T:
    from doorward.stores.clock import SystemClock

    clock = SystemClock(asyncio.get_running_loop())
    if folder is None:
        return await work(clock.wall(), None)
    from doorward.stores.database import Database
    from doorward.stores.vulnerabilities import SqliteVulnerabilities

    database = Database(folder)
    await database.open()
    try:
        return await work(clock.wall(), SqliteVulnerabilities(database, clock=clock, limits=_limits))
    finally:
        await database.close()


async def ask_installed() -> "Installed":
    """
    What dpkg has installed; brought in by who asks.

    Raises:
        SourceError: it cannot tell.
    """
    from doorward.compose.installed import installed_packages

    return await installed_packages()


def _limits() -> "Limits":
    # only who writes asks for them
    from doorward.core.limits import Limits

    return Limits()


def tell_other_state(state: str | None) -> None:
    """Say on stderr which state is not looked at, though it stands in the current folder."""
    if has_passed_over(state, os.environ):
        complain(told_of_passed_over())


def nothing_known(state: str | None) -> str:
    """What to tell whoever asks a state in which nothing was kept yet."""
    from doorward.errands.cve.texts import NOTHING_KNOWN

    return NOTHING_KNOWN if state is None else f"{NOTHING_KNOWN} --state {shlex.quote(state)}"


def complete_id(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> "list[CompletionItem]":
    """Complete the id of a vulnerability that is known, the most urgent first."""
    from click.shell_completion import CompletionItem

    from doorward.core.cve_filters import CveQuery
    from doorward.core.errors import one_line

    given = context.params.get(parameter.name or "") or ()

    async def find(_now_at: float, store: "VulnerabilityStore | None") -> "list[CompletionItem]":
        if store is None:
            return []
        listing = await store.search(CveQuery(with_rejected=True, most=_LOOKED_THROUGH))
        return [
            CompletionItem(each.id, help=one_line(each.title[:80]))
            for each in listing.found
            if _COMPLETED.fullmatch(each.id)
            and each.id not in given
            and each.id.casefold().startswith(incomplete.casefold())
        ]

    with contextlib.suppress(DoorwardError, OSError):
        return with_vulnerabilities(context.params.get("state"), find)
    return []
