"""A state that knows the whole catalogue of CISA, a page of the NVD, and packages of this machine."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from doorward.core.limits import Limits
from doorward.core.vulnerabilities import Account, Epss, Exposure, Score
from doorward.errands.cve.kev import parse_kev
from doorward.errands.cve.nvd import parse_nvd_page
from doorward.stores.clock import SystemClock
from doorward.stores.database import Database
from doorward.stores.state import make_private_folder
from doorward.stores.vulnerabilities import SqliteVulnerabilities

DATA = Path(__file__).parent / "data"

FIXABLE, UNFIXED, REMOVED = "CVE-2030-10001", "CVE-2030-10002", "CVE-2030-10003"
"""Of a package that every Debian has, and can upgrade; of one without a fix; of one that nobody has."""

HOSTILE = "ADV-<script>alert(1)</script>"
HOSTILE_TITLE = "\x1b[31m<img src=x onerror=alert(2)> {{7*7}} \N{RIGHT-TO-LEFT OVERRIDE}txt"
"""What a stranger may call an advisory."""

DEBIAN = (
    Account(
        source="debian",
        id=FIXABLE,
        title="bash reads what it should not",
        exposures=(
            Exposure(package="bash", binaries=("bash",), installed="0.1", fixed="99:1", suite="bookworm"),
        ),
    ),
    Account(
        source="debian",
        id=UNFIXED,
        exposures=(Exposure(package="coreutils", binaries=("coreutils",), installed="0.1", urgency="low"),),
    ),
    Account(
        source="debian",
        id=REMOVED,
        exposures=(Exposure(package="no-such-package", binaries=("no-such",), installed="1", fixed="2"),),
    ),
)
FEED = "feed:https://advisories.example.org/rss"
ADVISORY = Account(
    source=FEED,
    id=HOSTILE,
    title=HOSTILE_TITLE,
    description="One.\n\nTwo \x07<b>bold</b>.",
    scores=(Score(value=3.1, version="3.1", by="example.org", vector="CVSS:3.1/AV:L"),),
    references=("https://example.org/advisory?a=1&b=2", "javascript:alert(3)"),
    published=datetime(2025, 7, 1, tzinfo=UTC),
)
EPSS = ((FIXABLE, Epss(score=0.8512, percentile=0.9931)), ("CVE-2021-27104", Epss(score=0.5, percentile=0.9)))


def told_by_cisa_and_nvd() -> dict[str, tuple[Account, ...]]:
    """What the files of these two say, by source."""
    return {
        "kev": parse_kev((DATA / "kev.json").read_bytes(), url="file:kev").accounts,
        "nvd": parse_nvd_page((DATA / "nvd-2.0-page.json").read_bytes(), url="file:nvd").accounts,
    }


def make_state(folder: Path) -> Path:
    """A state in `folder` that knows all of it; also where a loop runs in this thread."""
    told = {**told_by_cisa_and_nvd(), "debian": DEBIAN, FEED: (ADVISORY,)}

    async def make() -> None:
        database = Database(folder)
        await database.open()
        clock = SystemClock(asyncio.get_running_loop())
        store = SqliteVulnerabilities(database, clock=clock, limits=Limits)
        for source, accounts in told.items():
            await store.note(source, accounts, marks={}, is_all=True)
        await store.note_epss(EPSS, marks={})
        await database.close()

    make_private_folder(folder)
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, make()).result()
    return folder
