"""The command `cve`, answered from what a store knows."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from doorward.core.cve_filters import CveCounts, CveQuery
from doorward.core.cve_ids import id_said
from doorward.core.errors import BadArgument
from doorward.core.parameter import shown
from doorward.errands.cve import members, texts
from doorward.errands.cve.bars import counts_text
from doorward.errands.cve.listing import AskInstalled, Listed, current, listed
from doorward.errands.cve.questions import parted, query_of

if TYPE_CHECKING:
    from doorward.core.ports import VulnerabilityStore

_ASKED = ("score", "epss", "kev", "installed", "fixable", "since", "order", "rejected", "limit", "offset")
"""Parameters that mean the same to `query_of`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CveDesk:
    """
    Answers the command `cve`.

    Attributes:
        store: what is known; None where nothing ever was.
        installed: see `listed`.
        now_at: the time, in seconds since the epoch.
    """

    store: "VulnerabilityStore | None"
    installed: AskInstalled
    now_at: float

    async def answer(self, values: Mapping[str, Any]) -> str:
        """
        What a run of the command writes.

        Args:
            values: of the command's parameters, by name; None for one that was not given.

        Raises:
            BadArgument: a value means nothing, or goes with something else that is asked.
            StateError: the store cannot be read.
        """
        as_json = values["form"] == "json"
        match values["what"]:
            case "show":
                return await self._shown(values["id"], as_json=as_json)
            case "counts":
                counts = await self._counted(_query(values, self.now_at), values["months"])
                if as_json:
                    return members.as_json(members.counts_members(counts))
                return counts_text(counts) or f"{texts.NOTHING_KNOWN}\n"
            case _:
                found = await self._listed(_query(values, self.now_at))
                # hundreds of lines take their time
                return await asyncio.to_thread(_written, found, as_json=as_json)

    async def _listed(self, query: CveQuery) -> Listed:
        if self.store is None:
            return Listed(query=query, found=(), total=0, unscored=0, is_empty=True)
        return await listed(self.store, query, self.installed)

    async def _shown(self, name: str | None, *, as_json: bool) -> str:
        if name is None:
            raise BadArgument("id", "the id of a vulnerability, as CVE-2024-3094", "nothing")
        found = None if self.store is None else await self.store.find(id_said(name))
        if found is None:
            if as_json:
                return members.as_json(None)
            raise BadArgument("id", "the id of a vulnerability that is known, as CVE-2024-3094", shown(name))
        (now,), note = await current([found], self.installed)
        if as_json:
            return members.as_json({**members.whole_members(now), "note": note or None})
        return texts.whole_text(now, note=note)

    async def _counted(self, query: CveQuery, months: int) -> Sequence[CveCounts]:
        return [] if self.store is None else await self.store.counts(query, months=months)


def _written(found: Listed, *, as_json: bool) -> str:
    return members.as_json(members.listing_members(found)) if as_json else texts.listing_text(found)


def _query(values: Mapping[str, Any], now_at: float) -> CveQuery:
    if values["id"] is not None:
        raise BadArgument("id", f"none with {values['what']}: it goes with show", shown(values["id"]))
    return query_of(
        words=_parted(values, "word"),
        products=_parted(values, "product"),
        now_at=now_at,
        **{name: values[name] for name in _ASKED},
    )


def _parted(values: Mapping[str, Any], name: str) -> tuple[str, ...]:
    parts = parted(values[name])
    if values[name] is not None and not parts:
        raise BadArgument(name, "something to look for", shown(values[name]))
    return parts
