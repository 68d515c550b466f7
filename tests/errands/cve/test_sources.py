"""Sources at a real nginx that serves real documents, and at a server that fails."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from doorward.core.cve_errands import DEFAULT_ADDRESSES, CveSource, CveSourceKind
from doorward.core.errors import ConnectError, FeedError, SourceError
from doorward.errands.cve.sources import SECOND_BY_FIRST, CveBounds
from doorward.errands.cve.updates import AccountsUpdate, EpssUpdate
from tests.errands.cve.documents import HTML, KEV, NVD_PAGE, NVD_RSS, epss, kev, machine, said, tracker
from tests.errands.cve.going import Going, going
from tests.fetch_servers import Site, answer, scripted


@pytest.fixture
async def looking() -> AsyncIterator[Going]:
    async with going() as made:
        yield made


def put(site: Site, name: str, body: bytes) -> str:
    (site.root / name).write_bytes(body)
    return f"{site.plain}/{name}"


async def test_the_catalogue_comes_whole_once_and_then_only_when_it_changed(
    nginx: Site, looking: Going
) -> None:
    url = await asyncio.to_thread(put, nginx, "kev.json", await asyncio.to_thread(KEV.read_bytes))
    source = CveSource(kind=CveSourceKind.KEV, url=url)
    (update,) = await looking.look(source)
    assert isinstance(update, AccountsUpdate)
    assert (len(update.accounts), update.is_all, update.source, update.notes) == (1404, True, "kev", ())
    assert await looking.look(source) == []
    await asyncio.to_thread(put, nginx, "kev.json", kev({"cveID": "CVE-2026-0001"}))
    assert await looking.ids(source) == ["CVE-2026-0001"]
    statuses = [line.split()[2] for line in await asyncio.to_thread(nginx.seen, "/kev.json")]
    assert statuses[-3:] == ["200", "304", "200"]


async def test_a_page_of_nvd_comes_from_a_real_server(nginx: Site, looking: Going) -> None:
    body = await asyncio.to_thread(NVD_PAGE.read_bytes)
    url = await asyncio.to_thread(put, nginx, "nvd.json", body)
    (update,) = await looking.look(CveSource(kind=CveSourceKind.NVD, url=url))
    assert isinstance(update, AccountsUpdate)
    assert (len(update.accounts), update.is_all) == (47, False)


async def test_a_feed_comes_from_a_real_server(nginx: Site, looking: Going) -> None:
    body = await asyncio.to_thread(NVD_RSS.read_bytes)
    url = await asyncio.to_thread(put, nginx, "advisories.xml", body)
    source = CveSource(kind=CveSourceKind.FEED, url=url)
    (update,) = await looking.look(source)
    assert isinstance(update, AccountsUpdate)
    assert (len(update.accounts), update.is_all, update.source) == (1404, False, f"feed:{url}")
    assert await looking.look(source) == []


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
async def test_scores_come_plain_or_packed(nginx: Site, looking: Going, pack: type[bytes]) -> None:
    name = f"epss-{pack.__name__}.csv.gz"
    rows = [f"CVE-2024-{n},0.{n},0.5" for n in range(1000, 1100)]
    url = await asyncio.to_thread(put, nginx, name, pack(epss(*rows)))
    source = CveSource(kind=CveSourceKind.EPSS, url=url)
    (update,) = await looking.look(source)
    assert isinstance(update, EpssUpdate)
    assert len(update.scores) == 100
    assert dict(update.scores)["CVE-2024-1050"].score == 0.105
    assert await looking.look(source) == []


async def test_the_tracker_is_read_anew_when_it_or_the_machine_changed(nginx: Site, looking: Going) -> None:
    document = {
        "glibc": {"CVE-2024-0001": said("resolved", "2.36-10")},
        "bash": {"CVE-2024-0002": said("open")},
    }
    url = await asyncio.to_thread(put, nginx, "tracker.json", tracker(document))
    source = CveSource(kind=CveSourceKind.DEBIAN, url=url)
    assert await looking.ids(source) == ["CVE-2024-0001"]
    assert await looking.look(source) == []
    looking.installed = machine(("glibc", "2.36-10"), ("bash", "5.2-1"))
    assert await looking.ids(source) == ["CVE-2024-0002"]
    assert await looking.look(source) == []
    with pytest.raises(SourceError, match="says nothing of the release 'trixie'"):
        await looking.look(replace(source, suite="trixie"))
    looking.installed = machine(("glibc", "2.36-9"), suite="")
    with pytest.raises(SourceError, match="does not say which release"):
        await looking.look(source)
    assert await looking.ids(replace(source, suite="bookworm")) == ["CVE-2024-0001"]


KINDS = (CveSourceKind.KEV, CveSourceKind.EPSS, CveSourceKind.DEBIAN, CveSourceKind.FEED, CveSourceKind.NVD)
BODIES = {
    CveSourceKind.KEV: kev({}),
    CveSourceKind.EPSS: epss("CVE-2024-0001,0.1,0.1"),
    CveSourceKind.DEBIAN: tracker({"glibc": {"CVE-2024-0001": said("open")}}),
    CveSourceKind.FEED: b'<rss version="2.0"><channel><item><guid>urn:1</guid></item></channel></rss>',
    CveSourceKind.NVD: b"",
}
BOMB = b'<!DOCTYPE rss [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + BODIES[CveSourceKind.FEED]
UNKNOWN = b'<?xml version="1.0" encoding="x-none"?>' + BODIES[CveSourceKind.FEED]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.value)
@pytest.mark.parametrize(
    "bad",
    [
        answer(HTML),
        answer(),
        answer(b'{"a": '),
        answer(BOMB),
        answer(UNKNOWN),
        answer(status="404 Not Found"),
        answer(status="410 Gone"),
    ],
    ids=["html", "empty", "cut", "bomb", "encoding", "404", "410"],
)
async def test_a_failure_is_told_with_the_address_and_changes_nothing(
    looking: Going, kind: CveSourceKind, bad: bytes
) -> None:
    async with scripted({"/document": answer(BODIES[kind]), "/bad": bad}) as server:
        source = CveSource(kind=kind, url=f"{server.url}/document")
        if BODIES[kind]:
            assert len(await looking.look(source)) == 1
        known = dict(looking.marks)
        with pytest.raises(SourceError) as refused:
            await looking.look(replace(source, url=f"{server.url}/bad"))
        assert isinstance(refused.value, FeedError) is (kind is CveSourceKind.FEED)
        assert str(refused.value).startswith(f"{server.url}/bad: ")
        assert looking.marks == known


async def test_a_document_that_breaks_off_or_is_too_long_is_told(looking: Going) -> None:
    cut = answer(kev({}))[:-20]
    async with scripted({"/cut": cut, "/long": answer(kev({}) + b" " * 100_000)}) as server:
        looking.bounds = CveBounds(body_bytes=50_000, seconds=30)
        for path in ("/cut", "/long"):
            with pytest.raises(ConnectError):
                await looking.look(CveSource(kind=CveSourceKind.KEV, url=server.url + path))
    assert looking.marks == {}


async def test_a_catalogue_that_is_refused_is_had_from_its_second_address(
    nginx: Site, looking: Going
) -> None:
    second = await asyncio.to_thread(put, nginx, "kev-copy.json", kev({}))
    async with scripted({"/kev": answer(status="403 Forbidden")}) as server:
        source = CveSource(kind=CveSourceKind.KEV, url=f"{server.url}/kev")
        with pytest.raises(SourceError, match="answered 403"):
            await looking.look(source)
        looking.second_by_first = {source.url: second}
        assert await looking.ids(source) == ["CVE-2025-0001"]
        # and the copy is not read again while it is the same
        assert await looking.look(source) == []
        looking.second_by_first = {source.url: f"{nginx.plain}/gone.json"}
        with pytest.raises(SourceError, match=r"answered 403 \(Forbidden\), and so did .*gone.json.*404"):
            await looking.look(source)


def test_only_the_public_address_has_a_second_one() -> None:
    assert list(SECOND_BY_FIRST) == [DEFAULT_ADDRESSES[CveSourceKind.KEV]]
    assert all(second.startswith("https://") for second in SECOND_BY_FIRST.values())


async def test_a_login_in_an_address_is_not_told(looking: Going) -> None:
    async with scripted({"/kev": answer(HTML)}) as server:
        url = server.url.replace("//", "//alice:canary@") + "/kev"
        with pytest.raises(SourceError) as refused:
            await looking.look(CveSource(kind=CveSourceKind.KEV, url=url))
    assert "canary" not in str(refused.value)


async def test_a_file_is_a_source_too(tmp_path: Path, looking: Going) -> None:
    file = tmp_path / "kev.json"
    await asyncio.to_thread(file.write_bytes, kev({}))
    assert await looking.ids(CveSource(kind=CveSourceKind.KEV, url=f"file://{file}")) == ["CVE-2025-0001"]
