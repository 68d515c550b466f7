"""
Any order of changes, faults and looks: what NVD says in the end is known in the end.

Its server stands on paper here, so that hundreds of histories can be gone through; `test_nvd_pages.py` has a
real one.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.core.cve_errands import CveSource, CveSourceKind
from doorward.core.errors import ConnectError, IllFormedFeed, SourceError
from doorward.core.feeds import Feed
from doorward.core.fetching import Fetched, FetchRequest, Interrupted
from doorward.core.installed import Installed
from doorward.core.secret import Secret
from doorward.errands.cve.sources import CveSources
from doorward.errands.cve.updates import AccountsUpdate
from tests.errands.cve.documents import HTML

pytestmark = pytest.mark.timeout(300)

BEGIN = datetime(2026, 11, 27, 12, tzinfo=UTC)
SOURCE = CveSource(kind=CveSourceKind.NVD, url="https://nvd.example.org/cves")
PAGE_ENTRIES = 2


@dataclass
class Cve:
    changed: datetime
    revision: int = 0


@dataclass
class PaperNvd:
    """
    NVD, and a machine's clock beside it.

    Attributes:
        now: by the clock of the machine.
        skew: how far the server's clock is ahead of that.
        is_by_time: its pages go by when an entry was changed, and not by its id.
        happens: what happens before each request, as long as there is something.
    """

    now: datetime
    skew: timedelta
    is_by_time: bool
    happens: list[str]
    cves: dict[str, Cve] = field(default_factory=dict)

    def add(self, changed: datetime) -> None:
        self.cves[f"CVE-2026-{1000 + len(self.cves)}"] = Cve(changed)

    def change(self, number: int) -> None:
        cve = list(self.cves.values())[number % len(self.cves)]
        cve.changed = self.now + self.skew
        cve.revision += 1

    async def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    async def fetch(self, request: FetchRequest) -> Fetched:
        self.now += timedelta(milliseconds=137)
        event = self.happens.pop(0) if self.happens else "nothing"
        if event == "add":
            self.add(self.now + self.skew)
        elif event.startswith("change") and self.cves:
            self.change(int(event.removeprefix("change")))
        elif event == "interrupt":
            raise Interrupted(request.url, "read", "it broke off")
        body = self._page(request)
        status = {"403": 403, "503": 503, "404": 404}.get(event, 200)
        body = {"html": HTML, "empty": b"", "cut": body[:-20]}.get(event, body)
        return Fetched(url=request.url, status=status, headers={}, body=body if status == 200 else b"")

    def _page(self, request: FetchRequest) -> bytes:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(request.url).query).items()}
        start, end = (_moment(asked[name]) for name in ("lastModStartDate", "lastModEndDate"))
        assert timedelta() < end - start <= timedelta(days=120)
        within = [(name, cve) for name, cve in self.cves.items() if start <= cve.changed <= end]
        if self.is_by_time:
            within.sort(key=lambda each: each[1].changed)
        first = int(asked["startIndex"])
        entries = [
            {
                "cve": {
                    "id": name,
                    "lastModified": _written(cve.changed),
                    "descriptions": [{"lang": "en", "value": f"revision {cve.revision}"}],
                }
            }
            for name, cve in within[first : first + PAGE_ENTRIES]
        ]
        page = {
            "resultsPerPage": len(entries),
            "startIndex": first,
            "totalResults": len(within),
            "timestamp": _written(self.now + self.skew),
            "vulnerabilities": entries,
        }
        return json.dumps(page).encode()


class NoReader:
    """Reads no feed: there is none in here."""

    async def read(self, body: bytes, *, content_type: str, most_entries: int, error: IllFormedFeed) -> Feed:
        raise error


async def nobody_asks(_: str = "") -> Secret:
    raise AssertionError


async def nothing_is_installed() -> Installed:
    raise AssertionError


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _written(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds")


async def look(server: PaperNvd, marks: Mapping[str, str], known: dict[str, str]) -> Mapping[str, str]:
    """Look once, keep what comes, and hand out the marks; a failure ends it."""
    sources = CveSources(
        fetcher=server,
        lenient=NoReader(),
        installed=nothing_is_installed,
        read_key=nobody_asks,
        wall_seconds=server.now.timestamp,
        sleep=server.sleep,
    )
    try:
        async for update in sources.look(SOURCE, marks):
            assert isinstance(update, AccountsUpdate)
            known.update({each.id: each.description for each in update.accounts})
            marks = update.marks
    except (ConnectError, SourceError):
        pass
    return marks


FAULTS = ["html", "empty", "cut", "403", "503", "404", "interrupt"]
EVENTS = st.sampled_from(["nothing", "add", *(f"change{n}" for n in range(8)), *FAULTS])


@given(
    ages_hours=st.lists(st.integers(0, 100 * 24), max_size=12),
    happens=st.lists(EVENTS, max_size=40),
    pauses_hours=st.lists(st.integers(1, 72), max_size=4),
    skew_minutes=st.integers(-120, 120),
    is_by_time=st.booleans(),
)
def test_whatever_happens_on_the_way_nothing_is_missed_in_the_end(
    *,
    ages_hours: list[int],
    happens: list[str],
    pauses_hours: list[int],
    skew_minutes: int,
    is_by_time: bool,
) -> None:
    server = PaperNvd(BEGIN, timedelta(minutes=skew_minutes), is_by_time, happens)
    for hours in ages_hours:
        server.add(BEGIN + server.skew - timedelta(hours=hours))
    known: dict[str, str] = {}

    async def live() -> None:
        marks: Mapping[str, str] = {}
        for hours in pauses_hours:
            marks = await look(server, marks, known)
            server.now += timedelta(hours=hours)
        server.happens.clear()
        # what the server changed by a clock ahead of ours is asked for when ours has come so far
        server.now += timedelta(hours=3)
        await look(server, marks, known)

    asyncio.run(live())
    assert known == {name: f"revision {cve.revision}" for name, cve in server.cves.items()}
