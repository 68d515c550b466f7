"""A watch over vulnerabilities: where it looks, what matters to it, and who is told."""

import enum
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import ClassVar

from doorward.core.cve_filters import CveFilter
from doorward.core.feed_errands import TELL_AFTER
from doorward.core.mailboxes import Mailbox
from doorward.core.schedules import Timing
from doorward.core.vulnerabilities import FEED

AD_HOC = "command line"
"""
The name of the watch that no configuration has; no errand there can be called so.

What it told is kept under it, and nobody is shown it.
"""

NVD_DAYS = 120
"""How far back NVD is asked the first time: as long as one of its windows may be."""


class CveSourceKind(enum.Enum):
    """What can be asked."""

    KEV = "kev"
    NVD = "nvd"
    EPSS = "epss"
    DEBIAN = "debian"
    FEED = "feed"


DEFAULT_ADDRESSES = {
    CveSourceKind.KEV: "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json",
    CveSourceKind.NVD: "https://services.nvd.nist.gov/rest/json/cves/2.0",
    CveSourceKind.EPSS: "https://epss.empiricalsecurity.com/epss_scores-current.csv.gz",
    CveSourceKind.DEBIAN: "https://security-tracker.debian.org/tracker/data/json",
}
"""The public address of each source but a feed, which has none of its own."""

SECOND_ADDRESSES = {
    CveSourceKind.KEV: (
        "https://raw.githubusercontent.com/cisagov/kev-data/develop/known_exploited_vulnerabilities.json"
    ),
}
"""Where the same stands once more, asked when the public address refuses and no other was configured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CveSource:
    """
    One source.

    Attributes:
        kind: how it is read.
        url: where it is.
        key_file: of NVD, the absolute path of a file with its API key; empty for none.
        suite: of Debian, the release that counts; empty for this machine's own.
        days: of NVD, how far back it is asked the first time.
    """

    kind: CveSourceKind
    url: str
    key_file: str = ""
    suite: str = ""
    days: int = NVD_DAYS

    @property
    def key(self) -> str:
        """What its accounts and marks are kept under: the kind; of a feed, with its address."""
        return f"{FEED}{self.url}" if self.kind is CveSourceKind.FEED else self.kind.value


@dataclass(frozen=True, slots=True, kw_only=True)
class CveErrand:
    """
    One `[errands.cve.NAME]`.

    Attributes:
        name: as a command's.
        sources: at least one; each key once.
        timing: when they are asked.
        filter: what matters.
        to: who gets the mail; with none, who the settings of mail say.
        mails: whether there is mail at all; without, what is new is only known.
        tell_after: after so many failures of a source in a row somebody is told, once.
    """

    kind: ClassVar[str] = "cve"

    name: str
    sources: tuple[CveSource, ...]
    timing: Timing
    filter: CveFilter = field(default_factory=CveFilter)
    to: tuple[Mailbox, ...] = ()
    mails: bool = True
    tell_after: int = TELL_AFTER

    @property
    def is_ad_hoc(self) -> bool:
        """Whether it is the watch of a command line, which no configuration has."""
        return self.name == AD_HOC

    @property
    def title(self) -> str:
        """What mail calls it."""
        return "vulnerabilities" if self.is_ad_hoc else self.name

    @property
    def full_title(self) -> str:
        """What a terminal and a log call it: `cve.security`, or what was typed."""
        return "cve watch" if self.is_ad_hoc else f"{self.kind}.{self.name}"

    @property
    def about(self) -> str:
        """What it is about, in words for people."""
        return ", ".join(source.key for source in self.sources)


def lack_of(sources: Iterable[CveSource]) -> str:
    """What some sources, one at least, lack to be watched; empty for nothing."""
    if any(source.kind is not CveSourceKind.EPSS for source in sources):
        return ""
    return "epss tells of no vulnerability, it reckons those of others"


def told_by_none(wanted: CveFilter, kinds: Collection[CveSourceKind]) -> dict[str, CveSourceKind]:
    """What a filter asks for that none of these sources tells, by the key, and which one would."""
    needs = (
        ("epss", wanted.epss is not None, CveSourceKind.EPSS),
        ("installed", wanted.installed, CveSourceKind.DEBIAN),
        ("fixable", wanted.fixable, CveSourceKind.DEBIAN),
    )
    return {name: kind for name, is_asked, kind in needs if is_asked and kind not in kinds}
