"""Following a run over an API of the test's own, whose streams break where the test says."""

from collections.abc import AsyncGenerator, Callable
from typing import cast

import pytest

from doorward.clients.http.api import Api
from doorward.clients.http.events import ServerEvent
from doorward.clients.http.following import MOST_STREAMS, PAUSES_SECONDS, Ended, Follower
from doorward.clients.http.server import Lost
from doorward.core.errors import ConnectError
from doorward.core.launch import Stream
from doorward.core.outcome import SUCCESS

URL = "http://127.0.0.1:7024"
END = ServerEvent("end", '{"outcome": {"kind": "exited", "exit_status": 0}, "drawing": {"rows": []}}', "end")
LOST = Lost(URL, "read", "the connection was lost")
GONE = ConnectError(URL, "connect", "connection refused")
GONE.__cause__ = ConnectionRefusedError()

Step = ServerEvent | ConnectError


def out(text: str, last_id: int) -> ServerEvent:
    return ServerEvent("out", f'{{"text": "{text}"}}', str(last_id))


class Streams:
    """In the place of an API: each stream says what the test says, and ends there."""

    def __init__(self, *streams: list[Step], otherwise: Callable[[int], list[Step]] | None = None) -> None:
        self._streams = list(streams)
        self._otherwise = otherwise
        self.offsets: list[int] = []

    async def follow(
        self, _number: int, *, offset: int, reader: str, on_begin: Callable[[], None]
    ) -> AsyncGenerator[ServerEvent, None]:
        assert reader == "me"
        self.offsets.append(offset)
        steps = self._streams.pop(0) if self._streams else self._otherwise and self._otherwise(offset)
        assert steps is not None, "more streams than the test has"
        if not (steps and isinstance(steps[0], ConnectError)):
            on_begin()
        for step in steps:
            if isinstance(step, ConnectError):
                raise step
            yield step


class Following:
    def __init__(self, streams: Streams) -> None:
        self.taken: list[tuple[Stream, bytes]] = []
        self.pauses: list[float] = []
        self.follower = Follower(
            cast(Api, streams), url=URL, number=17, reader="me", deliver=self._deliver, sleep=self._sleep
        )

    async def _deliver(self, stream: Stream, data: bytes) -> None:
        self.taken.append((stream, data))

    async def _sleep(self, seconds: float) -> None:
        assert not self.follower.is_heard.is_set()
        self.pauses.append(seconds)


async def test_output_is_delivered_until_the_end() -> None:
    err = ServerEvent("err", '{"base64": "/w=="}', "3")
    later = ServerEvent("of a later version", "{", "")
    following = Following(Streams([out("ab", 2), err, later, END]))
    assert await following.follower.follow() == Ended(SUCCESS, {"rows": []})
    assert following.taken == [(Stream.OUT, b"ab"), (Stream.ERR, b"\xff")]


async def test_a_broken_stream_is_gone_on_with_from_where_it_broke() -> None:
    streams = Streams([out("ab", 2), LOST], [LOST], [GONE], [out("é", 4)], [END])
    following = Following(streams)
    await following.follower.follow()
    assert streams.offsets == [0, 2, 2, 2, 4]
    assert b"".join(data for _, data in following.taken) == "abé".encode()
    # what brings something is counted anew
    assert following.pauses == [*PAUSES_SECONDS[:3], PAUSES_SECONDS[0]]


async def test_it_is_given_up_after_as_many_tries_as_there_are_pauses() -> None:
    streams = Streams([out("a", 1)], otherwise=lambda _offset: [GONE])
    following = Following(streams)
    with pytest.raises(ConnectError, match="the daemon is gone, and its runs with it"):
        await following.follower.follow()
    assert following.pauses == list(PAUSES_SECONDS)
    assert sum(PAUSES_SECONDS) < 10  # when the daemon stops what nobody reads


async def test_streams_that_bring_a_little_each_are_bounded_too() -> None:
    streams = Streams(otherwise=lambda offset: [out("x", offset + 1), LOST])
    following = Following(streams)
    with pytest.raises(ConnectError, match=f"broke {MOST_STREAMS} times"):
        await following.follower.follow()
    assert len(following.taken) == MOST_STREAMS


async def test_what_cannot_be_reached_from_the_start_is_told_at_once() -> None:
    following = Following(Streams([GONE]))
    with pytest.raises(ConnectError, match="connection refused"):
        await following.follower.follow()
    assert following.pauses == []


@pytest.mark.parametrize(
    ("event", "complaint"),
    [
        (out("ab", 3), "output up to byte '3' where it should be 2"),
        (out("ab", 0), "output up to byte '0' where it should be 2"),
        (ServerEvent("out", '{"text": "ab"}', ""), "output up to byte '' where it should be 2"),
        (ServerEvent("out", "ab", "2"), "JSON that is broken"),
        (ServerEvent("out", "{}", "2"), "neither text nor base64"),
        (ServerEvent("end", "{}", "end"), "nothing of how it ended"),
        (ServerEvent("end", '{"outcome": null}', "end"), "nothing of how it ended"),
    ],
)
async def test_what_no_door_streams_is_an_error_and_not_asked_for_again(
    event: ServerEvent, complaint: str
) -> None:
    following = Following(Streams([event]))
    with pytest.raises(ConnectError, match=complaint):
        await following.follower.follow()
    assert following.pauses == []
