"""A fetch to its end: tried again where that does no harm, and gone on with where it broke off."""

import asyncio
import hashlib
import random
from collections.abc import Callable

import pytest

import doorward
from doorward.compose.fetching import FetchSession
from doorward.core import retrying
from doorward.core.errors import ConnectError
from doorward.core.fetching import FetchRequest, Interrupted
from tests.fetch_servers import Connection, Script, answer, scripted

BODY = bytes(range(256)) * 4096


@pytest.fixture(autouse=True)
def _pauses_are_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrying, "FIRST_PAUSE_SECONDS", 0.01)


def in_turn(*answers: bytes | Script) -> Script:
    """The next of `answers` for each request, and the last one for ever."""
    left = list(answers)

    async def script(connection: Connection) -> None:
        said = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(said, bytes):
            await connection.send(said)
        else:
            await said(connection)

    return script


def with_ranges(tag: Callable[[], str], *, cut_bytes: int) -> Script:
    """A server of BODY that breaks off after so many bytes of each answer, and knows ranges."""

    async def script(connection: Connection) -> None:
        asked = connection.asked.headers
        begin = 0
        if asked.get("if-range") == tag():
            begin = int(asked["range"].removeprefix("bytes=").removesuffix("-"))
        status = "206 Partial Content" if begin else "200 OK"
        lines = [
            f"HTTP/1.1 {status}",
            f"ETag: {tag()}",
            f"Content-Length: {len(BODY) - begin}",
            f"Content-Range: bytes {begin}-{len(BODY) - 1}/{len(BODY)}",
        ]
        await connection.send("\r\n".join([*lines, "", ""]).encode(), BODY[begin : begin + cut_bytes])

    return script


async def test_what_breaks_off_is_gone_on_with() -> None:
    async with scripted({"/": with_ranges(lambda: '"one"', cut_bytes=400_000)}) as server:
        page = await doorward.fetch(f"{server.url}/", retries=2)
    assert hashlib.sha256(page.body).digest() == hashlib.sha256(BODY).digest()
    assert [asked.headers.get("range") for asked in server.asked] == [
        None,
        "bytes=400000-",
        "bytes=800000-",
    ]


async def test_what_changed_meanwhile_begins_anew_and_is_never_two_halves() -> None:
    tags = iter(['"one"', '"one"', *['"two"'] * 20])
    now = [""]

    def tag() -> str:
        return now[0]

    cut = with_ranges(tag, cut_bytes=700_000)

    async def script(connection: Connection) -> None:
        now[0] = next(tags)
        await cut(connection)

    async with scripted({"/": script}) as server:
        page = await doorward.fetch(f"{server.url}/", retries=5)
    assert page.body == BODY


async def test_a_part_of_something_else_is_found_out_by_its_tag_and_the_whole_comes() -> None:
    """A server that passes over If-Range would otherwise make one file of two."""
    first = b'HTTP/1.1 200 OK\r\nContent-Length: 10\r\nETag: "one"\r\n\r\n01234'
    other = answer(b"56789", "Content-Range: bytes 5-9/10", 'ETag: "two"', status="206 Partial Content")
    whole = answer(b"abcdefghij", 'ETag: "two"')
    async with scripted({"/": in_turn(first, other, whole)}) as server:
        page = await doorward.fetch(f"{server.url}/", retries=1)
    assert page.body == b"abcdefghij"
    assert [asked.headers.get("range") for asked in server.asked] == [None, "bytes=5-", None]


async def test_a_part_that_nobody_asked_for_is_an_error_and_one_that_was_asked_for_is_not() -> None:
    part = answer(b"56789", "Content-Range: bytes 5-9/10", 'ETag: "one"', status="206 Partial Content")
    async with scripted({"/": part}) as server:
        with pytest.raises(ConnectError, match="sent a part, and was asked for the whole"):
            await doorward.fetch(f"{server.url}/")
        page = await doorward.fetch(f"{server.url}/", headers={"range": "bytes=5-"})
    assert (page.status, page.body) == (206, b"56789")
    assert len(server.asked) == 2


async def test_what_breaks_off_each_time_is_an_error_after_the_last_try() -> None:
    async with scripted({"/": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhal"}) as server:
        with pytest.raises(Interrupted, match="read: the body broke off before its end"):
            await doorward.fetch(f"{server.url}/", retries=2)
    assert len(server.asked) == 3


async def test_a_kept_connection_that_is_closed_is_a_try_like_any_other() -> None:
    heads: list[bytes] = []

    async def closing(connection: Connection) -> None:
        await connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhere")
        heads.append(await connection.reader.readuntil(b"\r\n\r\n"))

    async with scripted({"/": closing}) as server, FetchSession() as session:
        request = FetchRequest(url=f"{server.url}/", retries=0)
        assert (await session.fetch(request)).body == b"here"
        with pytest.raises(Interrupted, match="the server closed the connection"):
            await session.fetch(request)
        assert (len(server.asked), len(heads)) == (1, 1)


async def test_a_server_that_is_busy_is_asked_again() -> None:
    busy = answer(b"busy", status="503 Service Unavailable")
    async with scripted({"/": in_turn(busy, b"", answer(b"here"))}) as server:
        page = await doorward.fetch(f"{server.url}/", retries=2)
    assert (page.status, page.body) == (200, b"here")


async def test_a_server_that_stays_busy_says_so_in_the_end() -> None:
    async with scripted({"/": answer(b"busy", status="503 Service Unavailable")}) as server:
        page = await doorward.fetch(f"{server.url}/", retries=1)
    assert (page.status, page.body) == (503, b"busy")
    assert len(server.asked) == 2


async def test_a_server_is_left_alone_as_long_as_it_wants() -> None:
    slow = answer(b"", "Retry-After: 1", status="429 Too Many Requests")
    async with scripted({"/": in_turn(slow, answer(b"here"))}) as server:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        page = await doorward.fetch(f"{server.url}/", retries=1)
        assert page.body == b"here"
        assert loop.time() - begun >= 1


@pytest.mark.parametrize("wanted", ["3600", "30"])
async def test_a_server_that_wants_more_time_than_there_is_gets_no_other_try(wanted: str) -> None:
    busy = answer(b"", f"Retry-After: {wanted}", status="503 Service Unavailable")
    async with scripted({"/": busy}) as server:
        page = await doorward.fetch(f"{server.url}/", retries=3, seconds=20)
    assert page.status == 503
    assert len(server.asked) == 1


async def test_chance_says_once_whether_there_is_time_for_another_try(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retrying, "FIRST_PAUSE_SECONDS", 20.0)
    chances = iter([1.0, 0.0, 1.0])  # 20 s, which are not left, and 10 s, which are
    monkeypatch.setattr(random, "random", lambda: next(chances))
    async with scripted({"/": answer(b"busy", status="503 Service Unavailable")}) as server:
        page = await doorward.fetch(f"{server.url}/", retries=2, seconds=15)
    assert (page.status, page.body, len(server.asked)) == (503, b"busy", 1)
    assert next(chances) == 0.0


@pytest.mark.parametrize("said", [b"", answer(b"", status="503 Service Unavailable")])
async def test_a_form_is_never_sent_twice(said: bytes) -> None:
    async with scripted({"/": said}) as server:
        if said:
            assert (await doorward.fetch(f"{server.url}/", form={"p1": "6"}, retries=3)).status == 503
        else:
            with pytest.raises(ConnectError, match="the server closed the connection"):
                await doorward.fetch(f"{server.url}/", form={"p1": "6"}, retries=3)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("error", "may"),
    [
        (Interrupted("u", "connect", "p", was_sent=False), True),
        (Interrupted("u", "read", "p"), False),
        (ConnectError("u", "connect", "p"), False),
    ],
)
def test_a_form_is_tried_again_only_when_the_server_has_not_heard_of_it(
    error: ConnectError, *, may: bool
) -> None:
    assert retrying.may_repeat(FetchRequest(url="http://a/", method="POST"), error) is may


def test_pauses_grow_to_a_bound_and_differ() -> None:
    pauses = [retrying.pause_seconds(tries, asked_seconds=None, chance=1.0) for tries in range(1, 30)]
    assert pauses[0] == 0.01
    assert max(pause for pause in pauses if pause is not None) == retrying.LONGEST_PAUSE_SECONDS
    assert retrying.pause_seconds(1, asked_seconds=None, chance=0.0) == 0.005
