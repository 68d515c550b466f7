"""What the pages about vulnerabilities ask the desk, as anybody asks it: by the command `cve`."""

import json
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from doorward.core.command import Command
from doorward.core.cve_command import CVE
from doorward.core.errors import BadArgument
from doorward.core.outcome import Outcome, OutcomeKind
from doorward.core.since import since_at
from doorward.doors.web.answers import Reading
from doorward.doors.web.form_data import Pairs
from doorward.doors.web.problems import refused
from doorward.doors.web.visit import Visit

WAIT_SECONDS = 20.0
"""For a machine that has much else to do; the usual answer is there in some milliseconds."""

PAGE_ROWS = 100

FILTERS = ("word", "product", "score", "epss", "since", "kev", "installed", "fixable", "rejected")

_NOT_COUNTED = "since"


class WrongFilters(Exception):
    """Values of the address that the command does not take; never leaves the pages."""

    def __init__(self, problems: Iterable[BadArgument]) -> None:
        super().__init__()
        self.problems = tuple(problems)


def own_command(visit: Visit) -> Command | None:
    """The built-in `cve` when the caller may run it here; None also for a keeper's own of that name."""
    command = visit.door.desk.commands_seen_by(visit.caller).get(CVE)
    return command if command is not None and command.is_builtin else None


def said_by(pairs: Pairs) -> dict[str, str]:
    """The filters, the order and the page that an address names, the last of each; none is empty."""
    known = {*FILTERS, "order", "page"}
    return {name: text for name, value in pairs if name in known and (text := value.strip())}


async def listing(visit: Visit, said: Mapping[str, str], *, page: int) -> Any:
    """
    One page of the list.

    Raises:
        WrongFilters: the command does not take what was said.
        Problem: it failed, or may not be asked for.
    """
    try:
        since_at(said.get("since", "1h"), now_at=0.0)
    except BadArgument as error:
        # the command would only fail: that it is none of its moments, no type says
        raise WrongFilters([error]) from error
    words = {name: said[name] for name in (*FILTERS, "order") if name in said}
    offset = (page - 1) * PAGE_ROWS
    return await _answer(visit, what="list", limit=str(PAGE_ROWS), offset=str(offset), **words)


async def counts(visit: Visit, said: Mapping[str, str]) -> Any:
    """How many there were by month, of what passes the filters; raises as `listing`."""
    words = {name: said[name] for name in FILTERS if name in said and name != _NOT_COUNTED}
    return await _answer(visit, what="counts", **words)


async def one(visit: Visit, name: str) -> Any:
    """All that is known of `name`; None for nothing. Raises as `listing`."""
    return await _answer(visit, what="show", id=name)


async def _answer(visit: Visit, **words: str) -> Any:
    said = {"form": ["json"], **{name: [word] for name, word in words.items()}}
    with Reading(visit, partial(visit.door.desk.ask_named, visit.caller, CVE, said)) as reading:
        collected = await reading.collected(wait_seconds=WAIT_SECONDS)
        if reading.answer.problems:
            raise WrongFilters(reading.answer.problems)
    outcome = collected.outcome or Outcome(OutcomeKind.BUSY, reason="it takes too long just now")
    if not outcome.is_success or outcome.cut_at_bytes:
        raise refused(outcome)
    return json.loads(collected.data)
