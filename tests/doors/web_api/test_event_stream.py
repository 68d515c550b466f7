"""Output as events: whatever pieces it comes in and wherever one goes on, the bytes are the same."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.core.launch import Stream
from doorward.doors.web.api.event_stream import EVENT_BYTES, Events, unfinished_bytes
from doorward.doors.web.server_sent import BEGIN
from tests.doors.web_api.calls import events_in

PIECES = st.lists(
    st.tuples(
        st.sampled_from(Stream),
        st.binary(min_size=1, max_size=8) | st.text(min_size=1, max_size=4).map(lambda text: text.encode()),
    ),
    max_size=8,
)


def said(pieces: list[tuple[Stream, bytes]], *, offset: int = 0) -> bytes:
    stream = Events(offset_bytes=offset)
    return b"".join([BEGIN, *(stream.output(*piece) for piece in pieces), stream.end({})])


@given(pieces=PIECES)
def test_the_bytes_come_in_order_each_of_its_stream(pieces: list[tuple[Stream, bytes]]) -> None:
    *events, end = events_in(said(pieces))
    heard = [(event.name, byte) for event in events for byte in event.bytes]
    assert heard == [(stream.name.lower(), byte) for stream, data in pieces for byte in data]
    assert [int(event.id) for event in events] == list(itertools.accumulate(len(e.bytes) for e in events))
    assert (end.name, end.id) == ("end", "end")


@given(pieces=PIECES, share=st.floats(0, 1))
def test_whoever_goes_on_behind_any_event_misses_nothing(
    pieces: list[tuple[Stream, bytes]], share: float
) -> None:
    whole = b"".join(data for _, data in pieces)
    events = events_in(said(pieces))[:-1]
    heard = events[: round(share * len(events))]
    offset = int(heard[-1].id) if heard else 0
    rest = events_in(said(behind(pieces, offset), offset=offset))[:-1]
    assert b"".join(event.bytes for event in (*heard, *rest)) == whole
    assert not rest or int(rest[-1].id) == len(whole)


@given(text=st.text(), cuts=st.lists(st.integers(0, 200)))
def test_text_is_text_however_it_was_cut(text: str, cuts: list[int]) -> None:
    data = text.encode()
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    pieces = [(Stream.OUT, data[begin:end]) for begin, end in itertools.pairwise(places)]
    events = events_in(said(pieces))[:-1]
    assert all("text" in event.data for event in events)
    assert "".join(event.data["text"] for event in events) == text


@pytest.mark.parametrize(
    "data", ["é".encode() * 150_000, b"\0" * 200_000, b"\xff" * 200_000, "a☃".encode() * 99_999]
)
def test_what_is_said_at_once_comes_in_events_of_a_bounded_length(data: bytes) -> None:
    stream = said([(Stream.OUT, data)])
    events = events_in(stream)[:-1]
    assert b"".join(event.bytes for event in events) == data
    assert max(len(event.bytes) for event in events) <= EVENT_BYTES + 3
    assert max(len(block) for block in stream.split(b"\n\n")) < 1024 * 1024


@pytest.mark.parametrize(
    ("data", "unfinished"),
    [
        (b"", 0),
        (b"a", 0), ("é".encode(), 0), ("é".encode()[:1], 1), ("☃".encode()[:2], 2), ("☃".encode(), 0),
        ("𝄞".encode()[:3], 3), ("𝄞".encode(), 0), (b"\x80\x80", 0), (b"\xff", 0), (b"\xc0", 0), (b"\xf5", 0),
        (b"\x80\x80\x80\x80", 0), (b"a\xc3", 1),
    ],
)  # fmt: skip
def test_what_is_unfinished_begins_a_character(data: bytes, unfinished: int) -> None:
    assert unfinished_bytes(data) == unfinished


def behind(pieces: list[tuple[Stream, bytes]], offset: int) -> list[tuple[Stream, bytes]]:
    """What is left of `pieces` behind so many bytes."""
    left = []
    for stream, data in pieces:
        if len(data) > offset:
            left.append((stream, data[offset:]))
        offset = max(offset - len(data), 0)
    return left
