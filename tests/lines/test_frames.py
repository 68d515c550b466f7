import json
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from doorward.core.errors import BadFrame
from doorward.lines.frames import (
    FRAME_BYTES,
    Frame,
    FrameReader,
    PeerFrame,
    ServerFrame,
    decode_json,
    encode_frame,
    encode_frames,
    encode_json,
)
from doorward.lines.splitter import Splitter
from tests.lines.dialogue import chunkings, cut_at, one_by_one, whole

PEER_FRAMES = st.lists(
    st.tuples(st.sampled_from(PeerFrame), st.binary(max_size=40) | st.sampled_from([b"\n", b"eof 0\n"])),
    max_size=8,
)


def peer_frames_of(pieces: list[bytes], *, most_bytes: int = FRAME_BYTES) -> list[tuple[PeerFrame, bytes]]:
    splitter, reader = Splitter(), FrameReader(PeerFrame, most_bytes=most_bytes)
    frames: list[tuple[PeerFrame, bytes]] = []
    for piece in pieces:
        splitter.receive_data(piece)
        while (frame := reader.take_frame(splitter)) is not None:
            frames.append((frame.kind, frame.content))
    return frames


@given(PEER_FRAMES, chunkings(400))
def test_what_was_encoded_is_read_back_in_any_chunking(
    frames: list[tuple[PeerFrame, bytes]], places: list[int]
) -> None:
    data = b"".join(encode_frame(kind, content) for kind, content in frames)
    assert peer_frames_of(cut_at(data, places)) == peer_frames_of(one_by_one(data)) == frames


@pytest.mark.parametrize("kind", ServerFrame)
def test_the_server_s_frames_are_read_back_by_the_other_side(kind: ServerFrame) -> None:
    splitter, reader = Splitter(), FrameReader(ServerFrame, most_bytes=FRAME_BYTES)
    splitter.receive_data(encode_frame(kind, b"a\nb"))
    assert reader.take_frame(splitter) == Frame(kind, b"a\nb")
    assert reader.take_frame(splitter) is None
    assert splitter.held_bytes == 0


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b" ",
        b"in",
        b"in ",
        b" in 0",
        b"in 0 ",
        b"in  0",
        b"in\t0",
        b"in\0000",
        b"in 00",
        b"in 01",
        b"in +1",
        b"in -1",
        b"in -0",
        b"in 1.0",
        b"in 1e1",
        b"in 0x1",
        b"in 1_0",
        b"in \xd9\xa1",
        b"in 0\r",
        b"in 3\r",
        b"in 65537",
        b"in 99999999999",
        b"in 18446744073709551616",
        b"in " + b"9" * 40,
        b"IN 0",
        b"In 0",
        b"\xef\xbb\xbfin 0",
        b"cat 0",
        b"in0",
        b"0 in",
        b"0",
        b"line",
        b"ready 0",
        b"login 0",
        b"run 1",
        b"out 1",
        b"err 1",
        b"end 2",
        b"doorward/1",
        b"GET / HTTP/1.1",
        b"\x16\x03\x01\x02",
        b"x" * 100_000,
    ],
)
@pytest.mark.parametrize("pieces_of", [whole, one_by_one])
def test_a_malformed_header_is_a_bad_frame(header: bytes, pieces_of: Callable[[bytes], list[bytes]]) -> None:
    data = header + b"\n" + b"x" * 10
    with pytest.raises(BadFrame):
        peer_frames_of(pieces_of(data))


@pytest.mark.parametrize("kind", PeerFrame)
def test_a_peer_s_kind_is_none_of_a_server_s(kind: PeerFrame) -> None:
    splitter, reader = Splitter(), FrameReader(ServerFrame, most_bytes=FRAME_BYTES)
    splitter.receive_data(encode_frame(kind))
    with pytest.raises(BadFrame):
        reader.take_frame(splitter)


def test_a_header_that_does_not_end_is_refused_at_33_bytes() -> None:
    splitter, reader = Splitter(), FrameReader(PeerFrame, most_bytes=FRAME_BYTES)
    splitter.receive_data(b"i" * 32)
    assert reader.take_frame(splitter) is None
    splitter.receive_data(b"i")
    with pytest.raises(BadFrame):
        reader.take_frame(splitter)


def test_content_of_the_bound_passes_and_one_byte_more_is_refused_before_it_came() -> None:
    content = bytes(range(256)) * 256
    assert peer_frames_of([encode_frame(PeerFrame.IN, content)]) == [(PeerFrame.IN, content)]
    with pytest.raises(BadFrame):
        peer_frames_of([b"in 65537\n"])


@given(st.binary(max_size=60), chunkings(60))
@example(b"in 2\nab\n", [])
def test_only_a_bad_frame_escapes_and_in_any_chunking_after_the_same_frames(
    data: bytes, places: list[int]
) -> None:
    def read(pieces: list[bytes]) -> tuple[list[Frame[PeerFrame]], bool]:
        splitter, reader = Splitter(), FrameReader(PeerFrame, most_bytes=16)
        frames = []
        try:
            for piece in pieces:
                splitter.receive_data(piece)
                while (frame := reader.take_frame(splitter)) is not None:
                    frames.append(frame)
        except BadFrame:
            return frames, True
        return frames, False

    assert read([data]) == read(cut_at(data, places)) == read(one_by_one(data))


@given(st.binary(max_size=50), st.integers(1, 9))
def test_content_in_several_frames_is_all_there(content: bytes, most_bytes: int) -> None:
    pieces = list(encode_frames(PeerFrame.IN, content, most_bytes=most_bytes))
    frames = peer_frames_of(pieces, most_bytes=most_bytes)
    assert b"".join(part for _, part in frames) == content
    assert all(part for _, part in frames)
    assert len(frames) == -(-len(content) // most_bytes)


members = st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.text())


@given(members)
def test_json_is_read_back(object_members: dict[str, object]) -> None:
    header, _, content = encode_json(ServerFrame.END, object_members).partition(b"\n")
    assert header == b"end %d" % len(content)
    assert b"\n" not in content
    assert decode_json(content) == json.loads(content) == object_members


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"1",
        b"null",
        b'"x"',
        b"{}x",
        b"\xff",
        b"{'a':1}",
        b"[" * 60_000,
        b'{"a":' + b"9" * 5000 + b"}",
    ],
)
def test_content_that_is_no_json_object_is_a_bad_frame(content: bytes) -> None:
    with pytest.raises(BadFrame):
        decode_json(content)


@given(st.binary(max_size=30))
def test_only_a_bad_frame_escapes_from_reading_json(content: bytes) -> None:
    try:
        object_members = decode_json(content)
    except BadFrame:
        return
    assert isinstance(object_members, dict)
