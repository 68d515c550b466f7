"""A watch over vulnerabilities in the hands of a test: sources that say what they are told to."""

import secrets
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import replace
from email.message import EmailMessage

from doorward.core.cve_errands import CveErrand, CveSource, CveSourceKind
from doorward.core.mail import Mail
from doorward.core.mail_settings import MailSettings
from doorward.core.mailboxes import Mailbox
from doorward.core.schedules import Every
from doorward.core.vulnerabilities import Account, Epss, Exposure
from doorward.errands.composing import Draft, compose
from doorward.errands.cve.updates import AccountsUpdate, CveUpdate, EpssUpdate
from doorward.errands.cve.watch import CveWatch, CveWatched, Sources
from doorward.testing.clock import ManualClock
from doorward.testing.outbox import MemoryOutbox, MemorySeen
from doorward.testing.vulnerabilities import MemoryVulnerabilities
from tests.errands.letters import read

HOUR_SECONDS = 3600.0
KEV = CveSource(kind=CveSourceKind.KEV, url="http://kev.example/")
NVD = CveSource(kind=CveSourceKind.NVD, url="http://nvd.example/")
DEBIAN = CveSource(kind=CveSourceKind.DEBIAN, url="http://debian.example/")
EPSS = CveSource(kind=CveSourceKind.EPSS, url="http://epss.example/")
FEED = CveSource(kind=CveSourceKind.FEED, url="http://feed.example/rss")


def debian(number: int, *packages: str, fixed: str = "") -> Account:
    exposures = tuple(
        Exposure(package=package, binaries=(f"lib{package}",), installed="1.0", fixed=fixed, suite="bookworm")
        for package in packages
    )
    return Account(source="debian", id=f"CVE-2025-{number:04}", exposures=exposures)


def feed_account(number: int, title: str = "an advisory") -> Account:
    return Account(source=FEED.key, id=f"CVE-2025-{number:04}", title=title)


class SaidBySources:
    """
    `Sources` that say what a test has them say; marks count what was asked.

    Attributes:
        pages: of each source, what it says with the next look; none for nothing new.
        failures: of each source, what it fails with once its pages are given out.
    """

    def __init__(self) -> None:
        self.pages: dict[str, list[Sequence[Account]]] = {}
        self.epss: Mapping[str, float] | None = None
        self.failures: dict[str, Exception] = {}
        self.asked: list[tuple[str, Mapping[str, str]]] = []

    async def look(self, source: CveSource, marks: Mapping[str, str]) -> AsyncGenerator[CveUpdate, None]:
        self.asked.append((source.key, marks))
        number = str(len(self.asked))
        failure = self.failures.get(source.key)
        if source.kind is CveSourceKind.EPSS and self.epss is not None and failure is None:
            scores = [(name, Epss(score=score, percentile=0.5)) for name, score in self.epss.items()]
            yield EpssUpdate(source="epss", scores=scores, marks={"at": number})
        pages = self.pages.get(source.key, [])
        for at, page in enumerate(pages):
            is_last = at == len(pages) - 1 and failure is None
            yield AccountsUpdate(
                source=source.key,
                accounts=tuple(page),
                marks={"at": number} if is_last else marks,
                is_all=source.kind in {CveSourceKind.KEV, CveSourceKind.DEBIAN},
            )
        if failure is not None:
            raise failure


class CveHouse:
    """
    Everything that a watch needs, in memory.

    Args:
        sources: of the errand.
        going: asks them; None for what a test has them say.
    """

    def __init__(self, *sources: CveSource, going: Sources | None = None) -> None:
        self.clock = ManualClock()
        self.outbox = MemoryOutbox(self.clock)
        self.seen = MemorySeen(self.outbox)
        self.known = MemoryVulnerabilities(self.clock)
        self.sources = SaidBySources()
        self._going = going or self.sources
        self.errand = CveErrand(
            name="security",
            sources=sources or (KEV,),
            timing=Every(3600),
            to=(Mailbox("alice@example.org"),),
        )

    def wants(self, **members: object) -> None:
        """Have the errand look for something else."""
        self.errand = replace(self.errand, filter=replace(self.errand.filter, **members))  # type: ignore[arg-type]

    def says(self, source: CveSource, *pages: Sequence[Account]) -> None:
        """Have a source say this from now on."""
        self.sources.pages[source.key] = [*pages]

    def fails(self, source: CveSource, error: Exception | None) -> None:
        """Have a source fail after what it says, or never more."""
        if error is None:
            self.sources.failures.pop(source.key, None)
        else:
            self.sources.failures[source.key] = error

    async def look(self, errand: CveErrand | None = None) -> CveWatched:
        """Look once, an hour later than before."""
        self.clock.advance(HOUR_SECONDS)
        watch = CveWatch(
            sources=self._going,
            known=self.known,
            seen=self.seen,
            compose=self._made,
            wall_seconds=self.clock.wall,
        )
        return await watch.look(errand or self.errand)

    async def _made(self, draft: Draft) -> Mail:
        return compose(draft, MailSettings(), wall_seconds=self.clock.wall(), token=secrets.token_hex(16))

    @property
    def letters(self) -> list[EmailMessage]:
        return [*map(read, self.outbox.put_mails)]

    @property
    def subjects(self) -> list[str]:
        return [str(letter["Subject"]) for letter in self.letters]


def told(watched: CveWatched) -> tuple[list[str], dict[str, list[str]]]:
    """The numbers of what is new, and by number what changed, in words."""
    decision = watched.decision
    changed = {
        number_of(each.vulnerability.id): [
            f"{change.kind.value} {change.before}>{change.after}".strip() for change in each.changes
        ]
        for each in decision.changed
    }
    return [number_of(each.id) for each in decision.new], changed


def number_of(name: str) -> str:
    return name.removeprefix("CVE-2025-").lstrip("0")
