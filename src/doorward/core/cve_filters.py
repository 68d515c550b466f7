"""Which vulnerabilities somebody wants to hear of, and which of them a list has."""

import enum
from dataclasses import dataclass, field

from doorward.core.vulnerabilities import Vulnerability


@dataclass(frozen=True, slots=True, kw_only=True)
class CveFilter:
    """
    What all have in common that pass; with nothing set, everything passes.

    Attributes:
        words: one of them stands, as whole words and in capitals or not, in a title, a description or a
            product; or it is the id, which the number of an id of CVE alone, `27104`, says too.
        products: one of them is a product's name, its vendor's, an installed package's, or the beginning of
            a CPE (`cpe:2.3:a:openssl:`).
        score: its score is at least this. The unscored pass: nobody said that they are harmless.
        epss: its EPSS is at least this, 0.0 to 1.0; what has none does not pass.
        kev: it is known to be exploited.
        installed: a package of this machine is vulnerable.
        fixable: ... and there is a version to upgrade to.
        sources: one of these sources, by its key, tells of it; with none, any may.
    """

    words: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    score: float | None = None
    epss: float | None = None
    kev: bool = False
    installed: bool = False
    fixable: bool = False
    sources: frozenset[str] = frozenset()


class CveOrder(enum.Enum):
    """How a list is ordered, the first word of which is what a keeper looks at first."""

    URGENCY = "urgency"
    SCORE = "score"
    EPSS = "epss"
    PUBLISHED = "published"
    CHANGED = "changed"
    ID = "id"


@dataclass(frozen=True, slots=True, kw_only=True)
class CveQuery:
    """
    What a list is asked for.

    Attributes:
        filter: what passes.
        ids: only these; None for all.
        since_at: only what was first heard of, or changed, since; in seconds since the epoch; None for all.
        order: urgent, high, likely or late ones first; ids count up.
        with_rejected: those that were withdrawn too.
        most: so many at most, from 1 on.
        offset: after so many.
    """

    filter: CveFilter = field(default_factory=CveFilter)
    ids: frozenset[str] | None = None
    since_at: float | None = None
    order: CveOrder = CveOrder.URGENCY
    with_rejected: bool = False
    most: int = 100
    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CveListing:
    """
    What a list has.

    Attributes:
        found: in the order that was asked for, `most` of them at most.
        total: how many pass, shown or not.
        unscored: how many of `total` have no score.
    """

    found: tuple[Vulnerability, ...]
    total: int
    unscored: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CveCounts:
    """
    How many there were in one month.

    Attributes:
        period: the first day, as `2026-11-01`.
        published: how many were published in it.
        exploited: how many of the known ones became known to be exploited in it.
    """

    period: str
    published: int
    exploited: int
