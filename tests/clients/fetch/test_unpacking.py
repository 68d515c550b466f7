import gzip
import tracemalloc
import zlib
from collections.abc import Callable

import brotli
import pytest
from backports import zstd
from hypothesis import given, settings
from hypothesis import strategies as st

from doorward.clients.fetch.unpacking import MOST_EMPTY_MEMBERS, PIECE_BYTES, CannotUnpack, Unpacking


def bare_deflate(data: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-15)
    return stream.compress(data) + stream.flush()


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": lambda data: brotli.compress(data, quality=4),
    "zstd": zstd.compress,
}


def unpacked(encoding: str, *chunks: bytes) -> bytes:
    unpacking = Unpacking(encoding)
    body = b"".join(piece for chunk in chunks for piece in unpacking.unpack(chunk))
    unpacking.finish()
    return body


def in_chunks(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


@pytest.mark.parametrize("encoding", PACKERS)
@settings(max_examples=40)
@given(data=st.binary(max_size=2000), size=st.integers(1, 50))
def test_a_body_comes_out_as_it_went_in_however_it_was_cut(encoding: str, data: bytes, size: int) -> None:
    assert unpacked(encoding, *in_chunks(PACKERS[encoding](data), size)) == data


@pytest.mark.parametrize("encoding", PACKERS)
def test_a_body_longer_than_a_piece_is_whole(encoding: str) -> None:
    data = bytes(range(256)) * 2000 + b"\0" * 400_000
    assert unpacked(encoding, *in_chunks(PACKERS[encoding](data), 1000)) == data


@pytest.mark.parametrize("encoding", PACKERS)
@settings(max_examples=40)
@given(data=st.binary(min_size=1, max_size=500), junk=st.binary(max_size=200))
def test_whatever_comes_only_the_documented_error_escapes(encoding: str, data: bytes, junk: bytes) -> None:
    for bytes_ in (data, PACKERS[encoding](data)[:-1] + junk):
        try:
            unpacked(encoding, bytes_)
        except CannotUnpack:
            continue


@pytest.mark.parametrize("encoding", PACKERS)
def test_a_body_that_ends_too_early_is_told(encoding: str) -> None:
    with pytest.raises(CannotUnpack, match="ends too early"):
        unpacked(encoding, PACKERS[encoding](bytes(range(256)) * 100)[:-5])


@pytest.mark.parametrize("encoding", PACKERS)
def test_a_bomb_comes_out_in_small_pieces(encoding: str) -> None:
    bomb = PACKERS[encoding](b"\0" * 20_000_000)
    assert len(bomb) < 100_000
    unpacking = Unpacking(encoding)
    tracemalloc.start()
    try:
        total = 0
        for piece in unpacking.unpack(bomb):
            assert len(piece) <= PIECE_BYTES * 2
            total += len(piece)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert total == 20_000_000
    assert peak < 8_000_000


EMPTY = {"gzip": gzip.compress(b""), "zstd": b"\x50\x2a\x4d\x18\0\0\0\0"}


@pytest.mark.parametrize("encoding", EMPTY)
def test_a_run_of_empty_members_is_refused(encoding: str) -> None:
    some = EMPTY[encoding] * (MOST_EMPTY_MEMBERS - 1)
    assert unpacked(encoding, some + PACKERS[encoding](b"x") + some) == b"x"
    with pytest.raises(CannotUnpack, match="more than 1000 of its parts in a row are empty"):
        unpacked(encoding, EMPTY[encoding] * 5000)


@pytest.mark.parametrize("encoding", EMPTY)
def test_each_member_is_a_step_so_that_its_reader_may_stop(encoding: str) -> None:
    steps = Unpacking(encoding).unpack(EMPTY[encoding] * 900)
    assert sum(1 for _ in steps) >= 900


def test_deflate_without_its_head_is_understood() -> None:
    assert unpacked("deflate", *in_chunks(bare_deflate(b"hello" * 100), 7)) == b"hello" * 100


def test_members_of_gzip_in_a_row_are_one_body_and_padding_is_none() -> None:
    data = gzip.compress(b"one ") + gzip.compress(b"two") + b"\0" * 20
    assert unpacked("gzip", *in_chunks(data, 5)) == b"one two"


def test_frames_of_zstd_in_a_row_are_one_body() -> None:
    assert unpacked("zstd", zstd.compress(b"one ") + zstd.compress(b"two")) == b"one two"


def test_nothing_is_nothing_however_it_is_packed() -> None:
    assert [unpacked(encoding) for encoding in (*PACKERS, "identity", "")] == [b""] * 6


@pytest.mark.parametrize("encoding", ["compress", "gzip, exi", "gzip, gzip", "br, gzip, zstd"])
def test_what_cannot_be_unpacked_is_said_at_once(encoding: str) -> None:
    with pytest.raises(CannotUnpack, match=r"not known|only one layer"):
        Unpacking(encoding)
