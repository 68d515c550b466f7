"""Asking NVD at a real server, with everything on the way that can fail."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from doorward.core.cve_errands import CveSource, CveSourceKind
from doorward.core.errors import ConnectError, SourceError
from doorward.errands.cve import nvd_pages
from doorward.errands.cve.nvd_pages import LATER_SECONDS, PAUSE_SECONDS, PAUSE_WITH_KEY_SECONDS
from doorward.errands.cve.windows import read_marks
from tests.errands.cve.documents import HTML
from tests.errands.cve.going import KEY, NOW, Going, going
from tests.errands.cve.nvd_server import NvdServer, nvd_server
from tests.fetch_servers import Connection, answer, echo, scripted

THROTTLED = answer(status="403 Forbidden")
BUSY = answer(status="503 Service Unavailable")


@dataclass
class House:
    going: Going
    server: NvdServer
    source: CveSource

    async def ids(self) -> list[str]:
        return await self.going.ids(self.source)

    async def fails(self, problem: str, kind: type[Exception] = SourceError) -> str:
        """Look, and hear that it failed; nothing of what is known changes by it."""
        known = dict(self.going.marks)
        with pytest.raises(kind, match=problem) as refused:
            await self.ids()
        assert read_marks(self.going.marks.get("nvd", {})) == read_marks(known.get("nvd", {}))
        return str(refused.value)


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with nvd_server() as server, going() as made:
        source = CveSource(kind=CveSourceKind.NVD, url=server.url)
        yield House(made, server, source)


async def test_all_pages_come_and_the_mark_moves_with_the_last(house: House) -> None:
    house.server.total = 5
    noted = [update.marks async for update in house.going.updates(house.source)]
    assert [read_marks(marks) is not None for marks in noted] == [False, False, True]
    assert house.server.starts == [0, 2, 4]
    assert house.going.pauses == [PAUSE_SECONDS, PAUSE_SECONDS]
    first = house.server.queries[0]
    assert first["resultsPerPage"] == "2000"
    assert first["lastModStartDate"] == "2026-07-30T12:30:00.000"
    assert first["lastModEndDate"] == "2026-11-27T12:30:00.000"
    assert {query["lastModEndDate"] for query in house.server.queries} == {first["lastModEndDate"]}


async def test_the_next_look_overlaps_what_was_read(house: House) -> None:
    assert len(await house.ids()) == 3
    house.going.now = NOW + timedelta(hours=2)
    house.server.total = 0
    assert await house.ids() == []
    query = house.server.queries[-1]
    assert query["lastModStartDate"] == "2026-11-27T06:30:00.000"
    assert query["lastModEndDate"] == "2026-11-27T14:30:00.000"


async def test_a_window_ends_no_later_than_the_clock_of_the_server(house: House) -> None:
    house.server.timestamp = "2026-11-27T12:10:00.000"
    assert len(await house.ids()) == 3
    ends = [query["lastModEndDate"] for query in house.server.queries]
    assert ends == ["2026-11-27T12:30:00.000"] + ["2026-11-27T12:10:00.000"] * 2
    read = read_marks(house.going.marks["nvd"])
    assert read is not None
    assert read.until == NOW - timedelta(minutes=20)
    # on one page nothing can move
    house.server.total = 1
    await house.ids()
    assert house.server.starts == [0, 0, 2, 0]
    read = read_marks(house.going.marks["nvd"])
    assert read is not None
    assert read.until == NOW - timedelta(minutes=20)


async def test_a_count_that_falls_below_what_was_read_is_no_end(house: House) -> None:
    def fewer() -> None:
        house.server.total = 1

    house.server.total = 5
    house.server.faults = {3: fewer}
    assert len(await house.ids()) == 4 + 2
    assert house.server.starts == [0, 2, 4, 0, 0]


async def test_a_long_time_is_asked_for_in_windows_that_nvd_allows(house: House) -> None:
    house.server.total = 1
    house.source = replace(house.source, days=300)
    assert len(await house.ids()) == 3
    starts = [query["lastModStartDate"][:10] for query in house.server.queries]
    assert starts == ["2026-01-31", "2026-05-31", "2026-09-28"]


@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        (answer(HTML), "HTML page"),
        (answer(), "the answer is empty"),
        (answer(b'{"startIndex": 2, "totalResults"'), "cut short"),
        (answer(b'{"error": 1}'), "missing required field"),
        (answer(status="404 Not Found"), r"answered 404 \(Not Found\)"),
        (
            answer(b"", "message: Invalid apiKey.", status="404 Not Found"),
            "the server refuses the request: Inval",
        ),
    ],
)
async def test_a_page_that_does_not_come_keeps_the_whole_window(
    house: House, fault: bytes, problem: str
) -> None:
    assert len(await house.ids()) == 3
    house.server.faults = {len(house.server.starts) + 2: fault}
    await house.fails(problem)
    house.server.faults = {}
    assert len(await house.ids()) == 3
    assert house.server.starts == [0, 2, 0, 2, 0, 2]
    dates = [query["lastModStartDate"] for query in house.server.queries]
    assert dates[2] == dates[4]


async def test_a_page_of_another_place_is_none(house: House) -> None:
    house.server.faults = {2: answer(house.server.page(0))}
    await house.fails("entries from 2 on were asked for, and came from 0 on")


async def test_an_empty_page_with_more_to_come_is_none(house: House) -> None:
    def nothing() -> None:
        house.server.page_entries = 0

    house.server.faults = {2: nothing}
    await house.fails("is empty, and 1 entries are still to come")


async def test_when_the_count_changes_between_pages_the_window_is_read_anew_in_halves(house: House) -> None:
    def one_more() -> None:
        house.server.total += 1

    house.server.faults = {2: one_more}
    await house.ids()
    spans = [(query["lastModStartDate"][:10], query["lastModEndDate"][:10]) for query in house.server.queries]
    assert (
        spans
        == [("2026-07-30", "2026-11-27")] * 2
        + [("2026-07-30", "2026-09-28")] * 2
        + [("2026-09-28", "2026-11-27")] * 2
    )
    assert house.server.starts == [0, 2] * 3


async def test_a_count_that_never_stays_is_given_up_with_nothing_noted(house: House) -> None:
    def one_more() -> None:
        house.server.total += 1

    house.server.faults = dict.fromkeys(range(2, 200), one_more)
    await house.fails("what it counts changes while its pages are read")
    assert len(house.server.starts) < 50


@pytest.mark.parametrize("fault", [THROTTLED, BUSY, answer(status="429 Too Many Requests"), b""])
async def test_a_server_without_time_is_asked_again_after_a_while(house: House, fault: bytes) -> None:
    house.server.faults = {2: fault, 3: fault}
    assert len(await house.ids()) == 3
    assert house.server.starts == [0, 2, 2, 2]
    assert [each for each in house.going.pauses if each > PAUSE_SECONDS] == list(LATER_SECONDS[:2])


async def test_a_server_says_itself_when_it_has_time(house: House) -> None:
    house.server.faults = {
        1: answer(b"", "Retry-After: 45", status="503 Service Unavailable"),
        2: answer(b"", "Retry-After: 0", status="403 Forbidden"),
    }
    assert len(await house.ids()) == 3
    assert house.going.pauses[0] == 45
    assert max(house.going.pauses[1:]) == PAUSE_SECONDS
    house.server.faults = {5: answer(b"", "Retry-After: 9000", status="403 Forbidden")}
    await house.fails("answered 403")
    assert len(house.server.starts) == 5


async def test_a_server_that_never_has_time_is_given_up(house: House) -> None:
    house.server.faults = dict.fromkeys(range(1, 20), THROTTLED)
    said = await house.fails(r"answered 403 \(Forbidden\)")
    assert "asked too often" in said
    assert len(house.server.starts) == 1 + len(LATER_SECONDS)
    house.server.faults = dict.fromkeys(range(1, 20), b"")
    await house.fails("^http://127.0.0.1:.*the server closed the connection", ConnectError)
    assert len(house.server.starts) == 2 * (1 + len(LATER_SECONDS))


async def test_a_look_ends_after_so_many_requests(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nvd_pages, "MOST_REQUESTS", 5)
    house.server.total = 11
    await house.fails("after 5 requests there is still more. Ask for fewer `days`")
    assert len(house.server.starts) == 5


async def test_the_key_goes_to_the_server_alone_and_has_it_asked_more_often(house: House) -> None:
    house.source = replace(house.source, key_file="/key")
    assert len(await house.ids()) == 3
    assert [asked.headers.get("apikey") for asked in house.server.server.asked] == [KEY, KEY]
    assert house.going.pauses == [PAUSE_WITH_KEY_SECONDS]
    house.server.faults = {3: answer(b"", "message: Invalid apiKey.", status="404 Not Found")}
    said = await house.fails("Invalid apiKey")
    assert KEY not in said
    assert "Is the key in `key_file`" in said
    # what a server says back goes into logs and mail
    house.server.faults = {4: answer(b"", f"message: Invalid apiKey {KEY}", status="404 Not Found")}
    assert KEY not in await house.fails("Invalid apiKey")


async def test_the_key_follows_no_redirect_to_another_server(house: House) -> None:
    async def elsewhere(connection: Connection) -> None:
        await connection.send(echo(connection.asked))

    async with scripted({"/nvd": elsewhere}) as other:
        moved = answer(b"", f"Location: {other.url}/nvd", status="302 Found")
        house.server.faults = {1: moved}
        house.source = replace(house.source, key_file="/key")
        said = await house.fails("is no JSON")
        assert KEY not in said
        (asked,) = other.asked
        assert "apikey" not in asked.headers
        assert KEY not in repr(asked)


async def test_a_key_never_goes_in_the_clear_to_another_machine(house: House) -> None:
    house.source = replace(house.source, key_file="/key", url="http://nvd.example.org/cves")
    said = await house.fails("the key would go there in the clear")
    assert KEY not in said


async def test_what_was_noted_of_another_address_counts_for_nothing(house: House) -> None:
    await house.ids()
    house.source = replace(house.source, url=f"{house.server.url}?mirror=1")
    await house.ids()
    assert house.server.queries[2]["lastModStartDate"] == house.server.queries[0]["lastModStartDate"]
    assert house.server.queries[2]["mirror"] == "1"


async def test_whoever_stops_listening_stops_the_asking(house: House) -> None:
    async for _ in house.going.updates(house.source):
        break
    await asyncio.sleep(0)
    assert house.server.starts == [0]
    assert read_marks(house.going.marks["nvd"]) is None
