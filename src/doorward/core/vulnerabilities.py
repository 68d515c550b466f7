"""What is known of a vulnerability: what each source says of it, and what follows from all of them."""

import enum
from dataclasses import dataclass
from datetime import date, datetime

from doorward.core.cve_ids import cve_number

TITLE_CHARACTERS = 300
DESCRIPTION_CHARACTERS = 4_000
MOST_PRODUCTS = 100
MOST_REFERENCES = 50
"""As much of each as an account keeps; a source that says more is cut, and none grows without bound."""


UNSCORED_AS = 7.0
"""What the unscored count as until somebody scores them: nobody said that they are harmless."""

FEED = "feed:"
"""The keys of feeds begin so: what somebody publishes, beside what those say who keep lists of all."""


class Severity(enum.IntEnum):
    """
    How bad a score is, as CVSS words it.

    Source: CVSS 4.0 specification, section 6; scores of version 2 are read by the same scale.
    """

    NONE = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @classmethod
    def of(cls, value: float) -> "Severity":
        """The word for a base score from 0.0 to 10.0."""
        bounds = ((9.0, cls.CRITICAL), (7.0, cls.HIGH), (4.0, cls.MEDIUM), (0.1, cls.LOW))
        return next((severity for least, severity in bounds if value >= least), cls.NONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """
    A base score of CVSS.

    Attributes:
        value: 0.0 to 10.0.
        version: `4.0`, `3.1`, `3.0` or `2.0`.
        by: who gave it: `nvd@nist.gov`, or whoever assigned the id.
        is_primary: NVD's own, or what NVD took for its own.
        vector: as it was written; may be empty.
    """

    value: float
    version: str
    by: str
    is_primary: bool = False
    vector: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """
    What is affected.

    Attributes:
        vendor: may be empty.
        name: of the product.
        versions: which of them, for people: `from 1.0.0 to 7.33.2`; empty for all or nobody knows.
        cpe: the CPE 2.3 that says so; empty for none.
    """

    vendor: str
    name: str
    versions: str = ""
    cpe: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """
    A package of this machine that is vulnerable.

    Attributes:
        package: its source package, by which a distribution counts.
        binaries: the packages that are installed of it.
        installed: the version of the source package that is installed.
        fixed: the version to upgrade to; empty while there is none.
        urgency: as the distribution words it: `low`, `unimportant`, `not yet assigned`; may be empty.
        suite: the release that was looked at: `bookworm`.
    """

    package: str
    binaries: tuple[str, ...]
    installed: str
    fixed: str = ""
    urgency: str = ""
    suite: str = ""

    @property
    def has_fix(self) -> bool:
        """Whether there is a version to upgrade to."""
        return bool(self.fixed)


class Exposed(enum.IntEnum):
    """Whether this machine is exposed by a vulnerability, what can be mended now above what cannot."""

    NOT = 0
    WITHOUT_FIX = 1
    WITH_FIX = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Epss:
    """
    How likely it is to be exploited within 30 days, says FIRST.

    Attributes:
        score: 0.0 to 1.0.
        percentile: the part of all vulnerabilities that score lower or the same, 0.0 to 1.0.
    """

    score: float
    percentile: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """
    What one source says of one vulnerability. Texts come from strangers: escape them where they are shown.

    Attributes:
        source: which one, by its key: `kev`, `nvd`, `debian`, `feed:https://example.org/rss`.
        id: `CVE-2024-3094`; of an advisory without one, what its publisher calls it.
        title: one line; may be empty.
        description: text, paragraphs ended by LF; may be empty.
        scores: all that it gives.
        exploited_since: since when it is known to be exploited; None for not known.
        due: until when it has to be mended, says who knows it to be exploited.
        in_ransomware: it is known to be used by ransomware.
        action: what to do about it, in the source's words.
        products: what is affected.
        exposures: what of this machine is.
        weaknesses: `CWE-79`.
        references: addresses of pages about it.
        published: in UTC.
        modified: in UTC, when the source last changed it.
        is_rejected: the id was withdrawn, says this source.
    """

    source: str
    id: str
    title: str = ""
    description: str = ""
    scores: tuple[Score, ...] = ()
    exploited_since: date | None = None
    due: date | None = None
    in_ransomware: bool = False
    action: str = ""
    products: tuple[Product, ...] = ()
    exposures: tuple[Exposure, ...] = ()
    weaknesses: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    published: datetime | None = None
    modified: datetime | None = None
    is_rejected: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Vulnerability:
    """
    All that is known of one vulnerability.

    Attributes:
        id: of all its accounts.
        accounts: one a source, in the order of the sources' keys; at least one.
        epss: None while nobody reckoned it.
        first_seen_at: when this machine first heard of it, in seconds since the epoch.
        changed_at: when something last changed of it that somebody would be told.
    """

    id: str
    accounts: tuple[Account, ...]
    epss: Epss | None = None
    first_seen_at: float = 0.0
    changed_at: float = 0.0

    @property
    def title(self) -> str:
        """
        The title of a source that has one; else how its description begins; else empty.

        What a feed calls it counts where no other source says anything: anybody may publish one.
        """
        parts = (
            each
            for accounts in self._by_weight
            for each in (
                *(account.title for account in accounts),
                _longest(accounts).partition("\n")[0][:TITLE_CHARACTERS],
            )
        )
        return next(filter(None, parts), "")

    @property
    def description(self) -> str:
        """The longest description that a source gives; of a feed, where no other gives one."""
        return next(filter(None, map(_longest, self._by_weight)), "")

    @property
    def scores(self) -> tuple[Score, ...]:
        """The scores of all sources, what counts most first."""
        return tuple(
            sorted((score for each in self.accounts for score in each.scores), key=_weight, reverse=True)
        )

    @property
    def score(self) -> Score | None:
        """The one that counts: of the latest version of CVSS, a primary one first, the higher of two."""
        return next(iter(self.scores), None)

    @property
    def exploited_since(self) -> date | None:
        """Since when it is known to be exploited; None for not known."""
        days = [each.exploited_since for each in self.accounts if each.exploited_since is not None]
        return min(days, default=None)

    @property
    def exposures(self) -> tuple[Exposure, ...]:
        """What of this machine is vulnerable."""
        return tuple(exposure for each in self.accounts for exposure in each.exposures)

    @property
    def exposed(self) -> Exposed:
        """How this machine is."""
        exposures = self.exposures
        if any(each.has_fix for each in exposures):
            return Exposed.WITH_FIX
        return Exposed.WITHOUT_FIX if exposures else Exposed.NOT

    @property
    def products(self) -> tuple[Product, ...]:
        """What is affected, each once."""
        return tuple(dict.fromkeys(product for each in self.accounts for product in each.products))

    @property
    def references(self) -> tuple[str, ...]:
        """Pages about it, each once."""
        return tuple(dict.fromkeys(address for each in self.accounts for address in each.references))

    @property
    def published(self) -> datetime | None:
        """When the first source published it; by feeds, where no other source says when."""
        for accounts in self._by_weight:
            if days := [each.published for each in accounts if each.published is not None]:
                return min(days)
        return None

    @property
    def is_rejected(self) -> bool:
        """
        Whether a source says that the id was withdrawn, and no other that it is exploited or on this machine.

        What was withdrawn is not shown: one source alone must not have that vanish which another warns of.
        """
        warning = (
            each.exploited_since is not None or bool(each.exposures)
            for each in self.accounts
            if not each.is_rejected
        )
        return any(account.is_rejected for account in self.accounts) and not any(warning)

    @property
    def _by_weight(self) -> tuple[tuple[Account, ...], tuple[Account, ...]]:
        """The accounts of others, and those of feeds."""
        feeds = tuple(each for each in self.accounts if each.source.startswith(FEED))
        if not feeds:
            return self.accounts, ()
        return tuple(each for each in self.accounts if not each.source.startswith(FEED)), feeds


def urgency(vulnerability: Vulnerability) -> tuple[int, int, int, date, float, float, int, str]:
    """
    A key to sort by, the most urgent last.

    What was withdrawn counts least. Then, in this order: exploited, on this machine with a fix, on this
    machine, how lately it became known to be exploited, how bad and how likely, and the later id. The
    unscored stand at `UNSCORED_AS`.
    """
    score = vulnerability.score
    since = vulnerability.exploited_since
    return (
        0 if vulnerability.is_rejected else 1,
        0 if since is None else 1,
        vulnerability.exposed,
        since or date.min,
        UNSCORED_AS if score is None else score.value,
        0.0 if vulnerability.epss is None else vulnerability.epss.score,
        cve_number(vulnerability.id) or 0,
        vulnerability.id,
    )


def _longest(accounts: tuple[Account, ...]) -> str:
    return max((account.description for account in accounts), key=len, default="")


def _weight(score: Score) -> tuple[str, bool, float]:
    return score.version, score.is_primary, score.value
