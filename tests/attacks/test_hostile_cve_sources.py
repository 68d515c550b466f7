"""A source of vulnerabilities says all it can: it fills no room of others, and silences none of them."""

import asyncio
import tracemalloc
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from doorward.core.cve_errands import CveSource, CveSourceKind
from doorward.core.cve_filters import CveFilter, CveQuery
from doorward.core.errors import SourceError
from doorward.core.installed import Installed, SourcePackage
from doorward.core.limits import Limits
from doorward.core.vulnerabilities import Account, Exposure, Vulnerability
from doorward.errands.cve import debian as debian_tracker
from doorward.errands.cve import kev as kev_catalogue
from doorward.errands.cve import listing, nvd_pages, watch
from doorward.errands.cve.debian import parse_debian
from doorward.errands.cve.epss import parse_epss
from doorward.errands.cve.kev import parse_kev
from doorward.errands.cve.listing import listed
from doorward.errands.cve.plain import address
from doorward.errands.cve.sources import CveBounds
from doorward.errands.cve.updates import AccountsUpdate, CveUpdate
from doorward.errands.cve.watch import CveWatch
from doorward.errands.feeds.parsing import FeedBounds
from doorward.stores.database import Database
from doorward.stores.vulnerabilities import SqliteVulnerabilities
from doorward.testing.clock import ManualClock
from doorward.testing.vulnerabilities import MemoryVulnerabilities
from tests.cli.publishing import Publisher, publishing
from tests.errands.cve import documents
from tests.errands.cve.going import bare_sources
from tests.errands.cve.nvd_server import nvd_server
from tests.errands.cve.watch_house import DEBIAN, FEED, KEV, NVD, CveHouse, debian, feed_account, told
from tests.errands.feeds.documents import rss

LIMITS = Limits(cve_known=1000)
MIB = 1024 * 1024


def kev(number: int) -> Account:
    return Account(source="kev", id=f"CVE-2025-{number:04}", title="known", exploited_since=date(2025, 11, 1))


def made_up(first: int, count: int) -> list[Account]:
    return [Account(source=FEED.key, id=f"CVE-2024-{number:06}") for number in range(first, first + count)]


@pytest.fixture
def state_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    return folder


@pytest_asyncio.fixture
async def store(state_folder: Path) -> AsyncIterator[SqliteVulnerabilities]:
    database = Database(state_folder)
    await database.open()
    yield SqliteVulnerabilities(database, clock=ManualClock(), limits=lambda: LIMITS)
    await database.close()


# What one source fills


async def test_a_feed_that_makes_up_ids_day_after_day_leaves_room_for_what_others_tell() -> None:
    house = CveHouse(KEV, FEED)
    house.known = MemoryVulnerabilities(house.clock, LIMITS)
    house.says(KEV, [kev(1)])
    house.says(FEED, made_up(100_000, 90))
    await house.look()
    for day in range(1, 15):
        house.says(FEED, made_up(100_000 + 90 * day, 90))
        await house.look()
    house.says(KEV, [kev(1), kev(2)])
    house.says(FEED)
    assert told(await house.look()) == (["2"], {})
    everything = await house.known.search(CveQuery(most=1))
    assert everything.total <= 100 + 2


async def test_who_says_more_than_there_is_room_for_is_the_trouble_and_the_others_are_told() -> None:
    house = CveHouse(KEV, NVD, FEED)
    house.known = MemoryVulnerabilities(house.clock, LIMITS)
    house.says(KEV, [kev(1)])
    await house.look()
    house.says(KEV, [kev(1), kev(2)])
    house.says(NVD, [Account(source="nvd", id=f"CVE-2023-{number:04}") for number in range(1200)])
    house.says(FEED, made_up(100_000, 500))
    watched = await house.look()
    assert told(watched) == (["2"], {})
    assert sorted(watched.troubles) == [FEED.key, "nvd"]
    assert all("cve_known of [limits]" in str(error) for error in watched.troubles.values())


async def test_what_was_told_of_made_up_ids_leaves_room_for_what_is_told_of_others() -> None:
    house = CveHouse(KEV, FEED)
    house.known = MemoryVulnerabilities(house.clock, LIMITS)
    house.says(KEV, [kev(1)])

    async def look() -> None:
        house.clock.advance(86_400)
        watching = CveWatch(
            sources=house.sources,
            known=house.known,
            seen=house.seen,
            compose=house._made,
            wall_seconds=house.clock.wall,
            most_told=150,
        )
        await watching.look(house.errand)

    for day in range(6):
        house.says(FEED, made_up(100_000 + 90 * day, 90))
        await look()
        marks = [key for key in house.seen.marks["cve:security"] if key.startswith("told:")]
        assert len(marks) <= 150 + 90
        assert "told:CVE-2025-0001" in marks


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    with publishing({}) as server:
        yield server


async def test_a_feed_tells_of_no_more_than_it_may_have_entries(publisher: Publisher) -> None:
    bounds = CveBounds(feed=FeedBounds(entries=150))
    items = [
        f"<title>advisory {number}</title><description>"
        + " ".join(f"CVE-2024-{number:03}{each:03}" for each in range(100, 200))
        + "</description>"
        for number in range(100, 104)
    ]
    publisher.pages["/it"] = ("application/rss+xml", rss(*items))
    async with bare_sources(bounds) as going:
        feed = CveSource(kind=CveSourceKind.FEED, url=f"{publisher.url}/it")
        (update,) = [each async for each in going.look(feed, {})]
    assert isinstance(update, AccountsUpdate)
    assert len(update.accounts) == 150
    assert update.notes == ("it tells of 400 vulnerabilities, the first 150 are read",)


# What is noted in one go holds up whoever wants to write


def test_a_catalogue_of_more_than_can_be_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kev_catalogue, "MOST_ENTRIES", 3)
    assert len(parse_kev(documents.kev({}, {}, {}), url=documents.URL).accounts) == 1
    with pytest.raises(SourceError, match="more than 3 entries"):
        parse_kev(documents.kev({}, {}, {}, {}), url=documents.URL)


def test_a_tracker_by_which_everything_is_vulnerable_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debian_tracker, "MOST_EXPOSED", 3)
    installed = Installed(
        suite="bookworm", packages=(SourcePackage(name="bash", version="1", binaries=("bash",)),)
    )
    names = {f"CVE-2025-{number:04}": documents.said("open") for number in range(9)}
    with pytest.raises(SourceError, match="more than 3 vulnerabilities of this machine"):
        parse_debian(
            documents.tracker({"bash": names}), installed=installed, suite="bookworm", url=documents.URL
        )


async def test_a_long_answer_is_noted_in_parts_and_holds_up_nobody_for_all_of_it(
    store: SqliteVulnerabilities, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "AT_A_TIME", 50)
    most_new: list[int] = []
    note = store.note

    async def counted(source: str, accounts: Iterable[Account], **options: Any) -> int:
        accounts = tuple(accounts)
        new = [each for each in accounts if await store.find(each.id) is None]
        most_new.append(len(new))
        return await note(source, accounts, **options)

    monkeypatch.setattr(store, "note", counted)
    house = CveHouse(KEV)
    watching = CveWatch(
        sources=house.sources,
        known=store,
        seen=house.seen,
        compose=house._made,
        wall_seconds=house.clock.wall,
    )
    house.says(KEV, [kev(number) for number in range(1, 321)])
    assert len((await watching.look(house.errand)).decision.summed) == 320
    assert max(most_new) == 50
    # what is not in the whole answer any more goes
    house.says(KEV, [kev(number) for number in range(201, 331)])
    await watching.look(house.errand)
    assert (await store.search(CveQuery(most=1))).total == 130


async def test_a_page_of_nvd_has_no_more_than_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nvd_pages, "PAGE_ENTRIES", 4)
    async with nvd_server() as server, bare_sources(CveBounds(seconds=20)) as going:
        server.total = server.page_entries = 5
        with pytest.raises(SourceError, match="has 5 entries, and 4 were asked for"):
            [each async for each in going.look(CveSource(kind=NVD.kind, url=server.url), {})]


async def test_pages_of_nvd_that_are_all_fat_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nvd_pages, "MOST_BYTES", 2_000)
    async with nvd_server() as server, bare_sources(CveBounds(seconds=20)) as going:
        server.total = 1_000
        with pytest.raises(SourceError, match="after 2000 bytes there is still more"):
            [each async for each in going.look(CveSource(kind=NVD.kind, url=server.url), {})]
        assert len(server.starts) < 20


# Memory


def test_a_table_of_nothing_but_ends_of_lines_takes_no_more_than_itself() -> None:
    body = documents.epss() + b"\n" * (8 * MIB)
    tracemalloc.start()
    try:
        with pytest.raises(SourceError, match="more than 5 rows"):
            parse_epss(body, url=documents.URL)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 4 * MIB


@pytest.mark.parametrize("body", [b'{"vulnerabilities":[' + b"0," * MIB + b"0]}", b"[" + b"0," * MIB + b"0]"])
def test_a_document_of_nothing_but_values_takes_no_more_than_itself(body: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(SourceError, match="more values than text"):
            parse_kev(body, url=documents.URL)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < MIB


async def test_a_list_of_what_is_installed_holds_a_part_of_it_at_a_time(
    store: SqliteVulnerabilities, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "JUDGED_AT_A_TIME", 7)
    exposure = Exposure(package="bash", binaries=("bash",), installed="1", suite="bookworm")
    accounts = [replace(debian(number), exposures=(exposure,)) for number in range(1, 31)]
    # every third was removed since
    gone = replace(exposure, package="gone")
    accounts = [
        replace(each, exposures=(gone,)) if not number % 3 else each for number, each in enumerate(accounts)
    ]
    await store.note("debian", accounts, marks={}, is_all=True)
    asked = 0

    async def installed() -> Installed:
        nonlocal asked
        asked += 1
        return Installed(
            suite="bookworm", packages=(SourcePackage(name="bash", version="1", binaries=("bash",)),)
        )

    pages: list[Vulnerability] = []
    for offset in range(0, 25, 4):
        query = CveQuery(filter=CveFilter(installed=True), most=4, offset=offset)
        page = await listed(store, query, installed)
        assert (page.total, page.unscored, page.note) == (20, 20, "")
        pages += page.found
    assert len({each.id for each in pages}) == len(pages) == 20
    assert all(each.exposures for each in pages)
    assert asked == 7


# Time


class Endless:
    """A source that goes on and on, beside one that does not."""

    async def look(self, source: CveSource, marks: Mapping[str, str]) -> AsyncGenerator[CveUpdate, None]:
        yield AccountsUpdate(
            source=source.key,
            accounts=(replace(kev(1), source=source.key),),
            marks=marks if source is NVD else {"at": "1"},
            is_all=False,
        )
        if source is NVD:
            await asyncio.Event().wait()


async def test_a_source_that_never_ends_is_left_and_the_others_are_told() -> None:
    house = CveHouse(KEV, NVD)
    watching = CveWatch(
        sources=Endless(),
        known=house.known,
        seen=house.seen,
        compose=house._made,
        wall_seconds=house.clock.wall,
        source_seconds=0.2,
    )
    async with asyncio.timeout(30):
        watched = await watching.look(house.errand)
    assert [each.id for each in watched.decision.summed] == ["CVE-2025-0001"]
    assert "had not said all after 0.2 s" in str(watched.troubles["nvd"])


# What one says of what another knows


def test_a_feed_decides_nothing_that_a_list_of_all_says() -> None:
    known = replace(kev(1), description="An attacker gets in.", published=datetime(2025, 11, 1, tzinfo=UTC))
    hostile = replace(
        feed_account(1, title="False alarm, nothing to do"),
        description="It was withdrawn. " * 100,
        published=datetime(1, 1, 1, tzinfo=UTC),
    )
    both = Vulnerability(id=known.id, accounts=(hostile, known))
    alone = Vulnerability(id=known.id, accounts=(known,))
    for fact in ("title", "description", "published", "score", "exploited_since", "is_rejected"):
        assert getattr(both, fact) == getattr(alone, fact)
    # a source without a title has it by its description
    untitled = replace(known, title="")
    assert Vulnerability(id=known.id, accounts=(hostile, untitled)).title == "An attacker gets in."
    assert Vulnerability(id=known.id, accounts=(hostile,)).title == hostile.title


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("https://nvd.nist.gov@evil.example/x", ""),
        ("https://nvd.nist.gov:443@evil.example", ""),
        ("https://evil.example/?from=@nvd.nist.gov", "https://evil.example/?from=@nvd.nist.gov"),
        ("https://example.org/@someone", "https://example.org/@someone"),
        ("javascript://example.org/%0aalert(1)", ""),
        ("https://example.org/\N{RIGHT-TO-LEFT OVERRIDE}gpj.exe", ""),
    ],
)
def test_no_address_leads_elsewhere_than_it_reads(said: str, kept: str) -> None:
    assert address(said) == kept


@pytest.mark.parametrize("warning", [kev(1), debian(1, "bash")])
async def test_what_one_source_withdraws_does_not_vanish_while_another_warns_of_it(warning: Account) -> None:
    source = KEV if warning.source == "kev" else DEBIAN
    house = CveHouse(source, NVD)
    house.says(NVD, [Account(source="nvd", id="CVE-2025-0009")])
    house.says(source, [Account(source=source.key, id="CVE-2025-0008")])
    await house.look()
    house.says(NVD, [Account(source="nvd", id=warning.id, is_rejected=True)])
    await house.look()
    house.says(source, [warning])
    watched = await house.look()
    assert [each.vulnerability.id for each in watched.decision.changed] == [warning.id]
    listed_now = await house.known.search(CveQuery())
    assert warning.id in {each.id for each in listed_now.found}
    # once nobody warns of it, it is withdrawn
    house.says(source, [Account(source=source.key, id="CVE-2025-0008")])
    await house.look()
    assert warning.id not in {each.id for each in (await house.known.search(CveQuery())).found}
