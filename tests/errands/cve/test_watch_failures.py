"""Everything that a server may do instead of answering: nothing is lost by it, and nothing told twice."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import pytest

from doorward.core.cve_errands import CveSource, CveSourceKind
from doorward.errands.cve.sources import CveBounds, CveSources
from doorward.testing.clock import ManualClock
from tests.cli.publishing import Publisher, publishing
from tests.errands.cve import documents
from tests.errands.cve.going import bare_sources
from tests.errands.cve.nvd_server import NvdServer, nvd_server
from tests.errands.cve.watch_house import NVD, CveHouse, told
from tests.errands.feeds.documents import rss

NOTHING: tuple[list[str], dict[str, list[str]]] = ([], {})
NOW = f"{datetime.fromtimestamp(ManualClock().wall(), UTC):%Y-%m-%dT%H:%M:%S}.000"
BOMB = b"<!DOCTYPE rss [<!ENTITY a 'b'><!ENTITY c '&a;&a;'>]>" + rss("<title>CVE-2025-9 &c;</title>")


def kev(*numbers: int) -> bytes:
    return documents.kev(*({"cveID": f"CVE-2025-{number:04}"} for number in numbers))


def feed(*numbers: int, moved: str = "") -> bytes:
    return rss(
        *(
            f"<title>CVE-2025-{number:04} (nginx)</title><guid>urn:{moved}{number}</guid>"
            f"<link>http://e.org/{moved}{number}</link>"
            for number in numbers
        )
    )


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    with publishing({}) as server:
        yield server


@pytest.fixture
async def going() -> AsyncIterator[CveSources]:
    async with bare_sources(CveBounds(seconds=20, feed_seconds=20)) as sources:
        yield sources


@pytest.mark.parametrize(
    ("kind", "bad"),
    [
        (CveSourceKind.KEV, b""),
        (CveSourceKind.KEV, documents.HTML),
        (CveSourceKind.KEV, kev(1, 2)[:-20]),
        (CveSourceKind.KEV, b"\xff\xfe{"),
        (CveSourceKind.KEV, b"[" * 100_000),
        (CveSourceKind.KEV, kev()),
        (CveSourceKind.FEED, b""),
        (CveSourceKind.FEED, documents.HTML),
        (CveSourceKind.FEED, feed(1, 2)[:-12]),
        (CveSourceKind.FEED, b"<?xml version='1.0' encoding='x-none'?><rss/>"),
        (CveSourceKind.FEED, BOMB),
    ],
)
async def test_what_cannot_be_used_changes_nothing(
    publisher: Publisher, going: CveSources, kind: CveSourceKind, bad: bytes
) -> None:
    made = kev if kind is CveSourceKind.KEV else feed
    house = CveHouse(CveSource(kind=kind, url=f"{publisher.url}/it"), going=going)
    publisher.pages["/it"] = ("application/octet-stream", made(1, 2))
    assert len((await house.look()).decision.summed) == 2
    marks = {key: mark for key, mark in house.seen.marks["cve:security"].items() if "told:" in key}

    publisher.pages["/it"] = ("application/octet-stream", bad)
    for _ in range(2):
        watched = await house.look()
        assert told(watched) == NOTHING
        assert len(watched.troubles) == 1
    assert {key: mark for key, mark in house.seen.marks["cve:security"].items() if "told:" in key} == marks

    publisher.pages["/it"] = ("application/octet-stream", made(1, 2, 3))
    assert told(await house.look()) == (["3"], {})
    assert told(await house.look()) == NOTHING
    assert publisher.statuses[-1] == 304
    assert len(house.subjects) == 2


async def test_a_page_of_nvd_that_is_missing_is_asked_for_again_and_nothing_of_it_is_lost(
    going: CveSources,
) -> None:
    async with nvd_server() as server:
        server.timestamp = NOW
        house = CveHouse(CveSource(kind=NVD.kind, url=server.url), going=going)
        server.total = 2
        assert len((await house.look()).decision.summed) == 2
        await _break_second_page(server, house)
        assert told(await house.look()) == (["6"], {})
        assert told(await house.look()) == NOTHING


async def _break_second_page(server: NvdServer, house: CveHouse) -> None:
    """Have seven CVEs there, of which five are told: what came before the fault is news, and no more."""
    server.total = 7
    asked = len(server.server.asked)
    bad = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
    server.faults = {asked + 4: bad}
    watched = await house.look()
    assert "404" in str(watched.troubles["nvd"])
    assert told(watched) == (["2", "3", "4", "5"], {})
    server.faults = {}


async def test_an_advisory_with_another_guid_and_another_link_is_the_same_vulnerability(
    publisher: Publisher, going: CveSources
) -> None:
    house = CveHouse(CveSource(kind=CveSourceKind.FEED, url=f"{publisher.url}/it"), going=going)
    publisher.pages["/it"] = ("application/rss+xml", feed(1, 2))
    await house.look()
    publisher.pages["/it"] = ("application/rss+xml", feed(3, 2, 1, moved="new/"))
    assert told(await house.look()) == (["3"], {})


async def test_a_source_that_is_silent_holds_up_no_other(publisher: Publisher, going: CveSources) -> None:
    publisher.pages["/it"] = ("application/json", kev(1))
    house = CveHouse(
        CveSource(kind=CveSourceKind.KEV, url=f"{publisher.url}/it"),
        CveSource(kind=CveSourceKind.FEED, url="http://127.0.0.1:1/"),
        going=going,
    )
    watched = await house.look()
    assert len(watched.decision.summed) == 1
    assert [*watched.troubles] == ["feed:http://127.0.0.1:1/"]
