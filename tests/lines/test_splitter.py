from collections.abc import Callable
from typing import SupportsIndex

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from doorward.core.errors import LineTooLong
from doorward.lines.splitter import Splitter
from tests.lines.dialogue import chunkings, cut_at, one_by_one, whole

LINE_BYTES = 8192

texts_of_lines = st.lists(st.sampled_from([b"a", b"bc", b"\r", b"\n", b"\r\n", b"\0", b"\xff" * 9])).map(
    b"".join
)


class CountingBytes(bytearray):
    """Counts the bytes that searches look at."""

    looked_at = 0

    def find(
        self,
        sub: object,
        start: SupportsIndex | None = None,
        end: SupportsIndex | None = None,
        /,
    ) -> int:
        assert isinstance(sub, bytes)
        first = 0 if start is None else int(start)
        found = super().find(sub, first)
        self.looked_at += (len(self) if found < 0 else found + 1) - first
        return found


def lines_of(pieces: list[bytes], *, most_bytes: int = LINE_BYTES) -> list[bytes]:
    """All complete lines, taken after each piece."""
    splitter, lines = Splitter(), []
    for piece in pieces:
        splitter.receive_data(piece)
        while (line := splitter.take_line(most_bytes)) is not None:
            lines.append(line)
    return lines


@given(texts_of_lines, chunkings(60))
@example(b"df\n", [2])
@example(b"df\r\n", [3])
@example(b"\r\n\r\n", [1, 2, 3])
def test_any_chunking_gives_the_same_lines(data: bytes, places: list[int]) -> None:
    expected = [line.removesuffix(b"\r") for line in data.split(b"\n")[:-1]]
    assert lines_of([data]) == expected
    assert lines_of(cut_at(data, places)) == expected
    assert lines_of(one_by_one(data)) == expected


@given(texts_of_lines, chunkings(60), st.integers(0, 5))
def test_any_chunking_refuses_the_same_lines(data: bytes, places: list[int], most_bytes: int) -> None:
    def taken(pieces: list[bytes]) -> tuple[list[bytes], bool]:
        splitter, lines = Splitter(), []
        try:
            for piece in pieces:
                splitter.receive_data(piece)
                while (line := splitter.take_line(most_bytes)) is not None:
                    lines.append(line)
        except LineTooLong:
            return lines, True
        return lines, False

    assert taken(cut_at(data, places)) == taken([data]) == taken(one_by_one(data))


@given(
    st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=20),
    st.lists(st.sampled_from([b"ab\n", b"\n", b"c"]) | st.binary(max_size=9), max_size=8),
)
@example([(3, True)], [b"a\n", b"b"])
@example([], [b"a\n", b"b"])
def test_lines_blocks_and_the_rest_lose_no_byte(takes: list[tuple[int, bool]], pieces: list[bytes]) -> None:
    splitter, taken, data = Splitter(), bytearray(), b"".join(pieces)
    for each in pieces:
        splitter.receive_data(each)
    for length_bytes, is_block in takes:
        before = splitter.held_bytes
        piece = splitter.take_block(length_bytes) if is_block else splitter.take_line(LINE_BYTES)
        taken += data[len(taken) : len(taken) + before - splitter.held_bytes]
        if is_block and piece is not None:
            assert len(piece) == length_bytes
            assert taken.endswith(piece)
    assert bytes(taken) + splitter.take_all() == data
    assert splitter.held_bytes == 0


@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
@pytest.mark.parametrize("pieces_of", [whole, one_by_one])
def test_a_line_of_the_bound_passes(ending: bytes, pieces_of: Callable[[bytes], list[bytes]]) -> None:
    data = b"x" * LINE_BYTES + ending
    assert lines_of(pieces_of(data)) == [b"x" * LINE_BYTES]


@pytest.mark.parametrize("ending", [b"", b"\n", b"\r\n", b"y\n"])
@pytest.mark.parametrize("pieces_of", [whole, one_by_one])
@pytest.mark.parametrize("follows", [b"", b"df\n"])
def test_one_byte_more_is_too_long(
    ending: bytes, pieces_of: Callable[[bytes], list[bytes]], follows: bytes
) -> None:
    data = follows + b"x" * (LINE_BYTES + 1) + ending
    with pytest.raises(LineTooLong):
        lines_of(pieces_of(data))


def test_the_bound_may_be_followed_by_half_an_ending_only() -> None:
    splitter = Splitter()
    splitter.receive_data(b"x" * LINE_BYTES + b"\r")
    assert splitter.take_line(LINE_BYTES) is None
    splitter.receive_data(b"x")
    with pytest.raises(LineTooLong):
        splitter.take_line(LINE_BYTES)


def test_nothing_is_held_after_a_line_that_is_too_long() -> None:
    splitter = Splitter()
    splitter.receive_data(b"x" * 1_000_000)
    with pytest.raises(LineTooLong):
        splitter.take_line(LINE_BYTES)
    assert splitter.held_bytes == 0
    assert splitter._buffer.__alloc__() < 64
    assert splitter.take_line(LINE_BYTES) is None


def test_a_line_too_long_that_came_alone_is_not_held_either() -> None:
    splitter = Splitter()
    splitter.receive_data(b"x" * 1_000_000 + b"\n")
    with pytest.raises(LineTooLong):
        splitter.take_line(LINE_BYTES)
    assert splitter.held_bytes == 0
    assert splitter.take_all() == b""


def test_each_byte_of_a_slow_line_is_looked_at_once() -> None:
    splitter, buffer = Splitter(), CountingBytes()
    splitter._buffer = buffer
    for _ in range(LINE_BYTES):
        splitter.receive_data(b"x")
        assert splitter.take_line(LINE_BYTES) is None
    assert buffer.looked_at == LINE_BYTES


def test_each_byte_of_many_lines_is_looked_at_once() -> None:
    splitter, buffer = Splitter(), CountingBytes()
    splitter._buffer = buffer
    data = b"ab\n" * 10_000
    splitter.receive_data(data)
    for _ in range(10_000):
        assert splitter.take_line(LINE_BYTES) == b"ab"
    assert buffer.looked_at == len(data)


def test_a_line_behind_others_is_not_searched_again_for_each_piece() -> None:
    splitter, buffer = Splitter(), CountingBytes()
    splitter._buffer = buffer
    for _ in range(1000):
        splitter.receive_data(b"a\nbcdefghij")
        while splitter.take_line(LINE_BYTES) is not None:
            pass
    assert buffer.looked_at == 1000 * len(b"a\nbcdefghij")
