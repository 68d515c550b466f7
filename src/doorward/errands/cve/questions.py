"""What somebody asks about vulnerabilities, as a store is asked for it."""

import re

from doorward.core.cve_filters import CveFilter, CveOrder, CveQuery
from doorward.core.since import since_at


def parted(text: str | None) -> tuple[str, ...]:
    """The parts of `text` between its commas; one behind a backslash is a CPE's, and parts nothing."""
    return tuple(part for each in re.split(r"(?<!\\),", text or "") if (part := each.strip()))


def query_of(
    *,
    words: tuple[str, ...] = (),
    products: tuple[str, ...] = (),
    score: float | None = None,
    epss: float | None = None,
    kev: bool = False,
    installed: bool = False,
    fixable: bool = False,
    since: str | None = None,
    order: str = CveOrder.URGENCY.value,
    rejected: bool = False,
    limit: int = 100,
    offset: int = 0,
    now_at: float,
) -> CveQuery:
    """
    The query that these words of a command line, an address or a form mean.

    Raises:
        BadArgument: `since` is no moment.
    """
    return CveQuery(
        filter=CveFilter(
            words=words,
            products=products,
            score=score,
            epss=epss,
            kev=kev,
            installed=installed,
            fixable=fixable,
        ),
        since_at=None if since is None else since_at(since, now_at=now_at),
        order=CveOrder(order),
        with_rejected=rejected,
        most=limit,
        offset=offset,
    )
