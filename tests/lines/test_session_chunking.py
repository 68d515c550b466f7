"""However the bytes of a peer are cut on their way, the session is the same."""

from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from doorward.core.errors import ProtocolError
from doorward.lines.events import Event, InputReceived
from tests.lines.dialogue import HELLO, Dialogue, chunkings, cut_at, frame, one_by_one, session, whole

tokens = st.one_of(
    st.sampled_from(
        [
            HELLO,
            b"df\n",
            b"df\r\n",
            b"both\n",
            b"fail\n",
            b"wait\n",
            b"sort\n",
            b"quit\n",
            b"sesame\n",
            b"\n",
            b"\xff\n",
            b"df",
            b"GET / HTTP/1.1\r\n",
            b"\x16\x03\x01\n",
            b"x" * 8192,
            frame("line", b"sesame"),
            frame("line", b"df"),
            frame("line", b"sort"),
            frame("line", b"wait"),
            frame("line", b"quit"),
            frame("in", b"a\nb"),
            frame("in"),
            frame("eof"),
            frame("cancel"),
            frame("ready"),
            b"line 2\r\ndf",
            b"in 65536\n",
        ]
    ),
    st.binary(max_size=12),
)
peers = st.lists(tokens, max_size=8).map(b"".join) | st.lists(tokens, max_size=8).map(
    lambda parts: HELLO + b"".join(parts)
)

DOORS: dict[str, Callable[[], Dialogue]] = {
    "once": lambda: Dialogue(session=session()),
    "keep": lambda: Dialogue(session=session(keep=True)),
    "login": lambda: Dialogue(session=session(keep=True, login=True)),
    "login once": lambda: Dialogue(session=session(login=True)),
}


def joined(events: list[Event]) -> list[Event]:
    """Input as one piece: where it is cut says nothing."""
    found: list[Event] = []
    for event in events:
        if isinstance(event, InputReceived) and found and isinstance(found[-1], InputReceived):
            found[-1] = InputReceived(found[-1].data + event.data)
        else:
            found.append(event)
    return found


def course(door: Callable[[], Dialogue], pieces: list[bytes]) -> tuple[object, ...]:
    """All that can be seen of a session that ends with the peer's half-close, and then its answers."""
    peer = door()
    error: str | None = None
    try:
        peer.send(*pieces)
        peer.half_close()
        while peer.is_held():
            peer.finish()
    except ProtocolError as raised:
        error = str(raised)
    return (
        joined(peer.heard),
        bytes(peer.said),
        error,
        peer.is_over(),
        peer.is_overfed(),
        peer.session.speaks_frames,
    )


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
@settings(max_examples=300)
@given(data=peers, places=chunkings(200))
@example(data=HELLO + frame("line", b"sort") + frame("in", b"a") + frame("eof"), places=[11, 12, 30])
@example(data=b"df\ndf\n", places=[3])
def test_any_chunking_gives_the_same_course(
    door: Callable[[], Dialogue], data: bytes, places: list[int]
) -> None:
    assert course(door, cut_at(data, places)) == course(door, whole(data))
    if len(data) < 500:
        assert course(door, one_by_one(data)) == course(door, whole(data))


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
@settings(max_examples=300)
@given(data=st.binary(max_size=200), places=chunkings(200))
def test_any_bytes_give_the_same_course(door: Callable[[], Dialogue], data: bytes, places: list[int]) -> None:
    assert course(door, cut_at(data, places)) == course(door, whole(data))
