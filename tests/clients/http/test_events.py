import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.clients.http.events import EventReader, ServerEvent
from doorward.core.errors import ProtocolError

CHARACTERS = st.sampled_from("datevnid:\0 \r\nxé")


def read(*pieces: bytes) -> list[ServerEvent]:
    reader = EventReader()
    return [event for piece in pieces for event in reader.receive_data(piece)]


def expected(text: str) -> list[ServerEvent]:
    """The events of `text` as the standard tells to read them, all at once."""
    events: list[ServerEvent] = []
    kind, data, last_id = "", list[str](), ""
    for line in re.split("\r\n|\r|\n", text)[:-1]:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            if data:
                events.append(ServerEvent(kind or "message", "\n".join(data), last_id))
            kind, data = "", []
        elif name == "data":
            data.append(value)
        elif name == "event":
            kind = value
        elif name == "id" and "\0" not in value:
            last_id = value
    return events


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        (b"data: a\n\n", [ServerEvent("message", "a", "")]),
        (b"event: out\nid: 7\ndata: {}\n\n", [ServerEvent("out", "{}", "7")]),
        (
            b"id: 7\ndata: a\n\ndata: b\n\n",
            [ServerEvent("message", "a", "7"), ServerEvent("message", "b", "7")],
        ),
        (b"data: a\ndata:b\ndata\n\n", [ServerEvent("message", "a\nb\n", "")]),
        (b"data: a\r\rdata: b\r\n\r\n", [ServerEvent("message", "a", ""), ServerEvent("message", "b", "")]),
        (b"\xef\xbb\xbfdata: a\n\n", [ServerEvent("message", "a", "")]),
        (b": still running\n\nretry: 5\n\nevent: out\n\n", []),
        (b"id: a\0b\nother: x\ndata: \xff\n\n", [ServerEvent("message", "\ufffd", "")]),
        (b"data: unfinished\n", []),
    ],
)
def test_a_stream_is_read_as_the_standard_says(stream: bytes, events: list[ServerEvent]) -> None:
    assert read(stream) == events


@given(
    st.lists(
        st.sampled_from(["data: x", "data", "event: out", "id: 1", ": c", "é", ""]) | st.text(CHARACTERS)
    ),
    st.sampled_from(["\n", "\r", "\r\n"]),
    st.data(),
)
def test_any_chunking_gives_the_events_of_the_whole(
    lines: list[str], ending: str, data: st.DataObject
) -> None:
    text = "".join(line + ending for line in lines)
    stream = text.encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    pieces = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert read(*pieces) == expected(text)


@pytest.mark.parametrize("piece", [b"x" * 100, b"data: x\n" * 12, b"id: 1\n" * 20, b"data:\n" * 20])
def test_an_event_without_end_is_too_long_and_not_held(piece: bytes) -> None:
    reader = EventReader(most_bytes=1000)
    for _ in range(500 // len(piece)):
        assert reader.receive_data(piece) == []
    with pytest.raises(ProtocolError, match="more than 1000 bytes"):
        reader.receive_data(piece * 20)


def test_comments_and_whole_events_may_go_on_for_ever() -> None:
    reader = EventReader(most_bytes=50)
    for _ in range(100):
        assert reader.receive_data(b": still running\n\n") == []
        assert len(reader.receive_data(b"id: 3\ndata: 0123456789\n\n")) == 1
