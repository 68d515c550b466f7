"""Bodies that come compressed, unpacked in bounded pieces, so that a small one is never huge at once."""

import sys
import zlib
from collections.abc import Callable, Generator, Iterator
from typing import Protocol

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ACCEPTED = "gzip, deflate, br, zstd"
"""What Accept-Encoding may say."""

PIECE_BYTES = 64 * 1024
"""No piece that comes out is longer by much."""

MOST_EMPTY_MEMBERS = 1000
"""So many streams in a row with nothing in them are none of a body that is meant."""

_TAKEN_BYTES = 16 * 1024
_WINDOW_LOG = 23  # 8 MiB: RFC 9659 wants a client to take so much, and no more


class CannotUnpack(ValueError):
    """The bytes are not what they were said to be; the text says it in a few words."""


class Unpacker(Protocol):
    """One layer of compression, taken off."""

    def unpack(self, data: bytes) -> Iterator[bytes]:
        """
        What `data` goes on with, step by step.

        A step gives a piece or, at the end of a member, b"", so that its reader is never kept for long.

        Raises:
            CannotUnpack: it is nothing of the kind.
        """

    def finish(self) -> None:
        """
        Hear that nothing more comes.

        Raises:
            CannotUnpack: there should have.
        """


class _Member(Protocol):
    """One stream of a decompressor that knows its end."""

    def take(self, data: bytes) -> bytes:
        """At most a piece of what `data`, after what was held back, goes on with."""

    @property
    def held(self) -> bytes:
        """What is to be given to `take` once more; behind the end, what is no part of the stream."""

    @property
    def is_over(self) -> bool: ...


class _ZlibMember:
    def __init__(self, bits: int) -> None:
        self._stream = zlib.decompressobj(bits)

    def take(self, data: bytes) -> bytes:
        return self._stream.decompress(data, PIECE_BYTES)

    @property
    def held(self) -> bytes:
        return self._stream.unused_data if self._stream.eof else self._stream.unconsumed_tail

    @property
    def is_over(self) -> bool:
        return self._stream.eof


class _Members:
    """
    A body of one stream or, where the format has that, of several in a row.

    Args:
        begin: makes the decompressor of the next stream, knowing its first byte.
        may_follow: whether another one begins with this byte.
    """

    def __init__(self, begin: Callable[[int], _Member], may_follow: Callable[[int], bool]) -> None:
        self._begin = begin
        self._may_follow = may_follow
        self._member: _Member | None = None
        self._has_ended = False
        self._empty_members = 0

    def unpack(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self._member is None:
                if self._has_ended and not self._may_follow(data[0]):
                    return  # padding, which gzip(1) passes over as well
                self._member = self._begin(data[0])
                self._empty_members += 1
                if self._empty_members > MOST_EMPTY_MEMBERS:
                    raise CannotUnpack(f"more than {MOST_EMPTY_MEMBERS} of its parts in a row are empty")
            data = yield from self._unpack_member(self._member, data)
            if self._member.is_over:
                self._member = None
                self._has_ended = True
                yield b""

    def _unpack_member(self, member: _Member, data: bytes) -> Generator[bytes, None, bytes]:
        while True:
            try:
                piece = member.take(data)
            except (zlib.error, zstd.ZstdError) as error:
                raise CannotUnpack("what comes is not compressed as the server says") from error
            data = member.held
            if piece:
                self._empty_members = 0
                yield piece
            if member.is_over or not (data or len(piece) >= PIECE_BYTES):
                return data

    def finish(self) -> None:
        if self._member is not None:
            raise CannotUnpack("the compressed body ends too early")


class _ZstdMember:
    def __init__(self) -> None:
        options: dict[int, int] = {zstd.DecompressionParameter.window_log_max: _WINDOW_LOG}
        self._stream = zstd.ZstdDecompressor(options=options)

    def take(self, data: bytes) -> bytes:
        return self._stream.decompress(data, PIECE_BYTES)

    @property
    def held(self) -> bytes:
        return self._stream.unused_data if self._stream.eof else b""  # it keeps the rest by itself

    @property
    def is_over(self) -> bool:
        return self._stream.eof


class _Brotli:
    def __init__(self) -> None:
        self._stream = brotli.Decompressor()
        self._has_begun = False

    def unpack(self, data: bytes) -> Iterator[bytes]:
        self._has_begun = True
        while not self._stream.is_finished():
            try:
                piece: bytes = self._stream.process(data, output_buffer_limit=PIECE_BYTES)
            except brotli.error as error:
                raise CannotUnpack("what comes is not compressed as the server says") from error
            # it may hold back what it made of data that it has taken long ago
            if not piece:
                return
            yield piece
            data = b""

    def finish(self) -> None:
        if self._has_begun and not self._stream.is_finished():
            raise CannotUnpack("the compressed body ends too early")


def _gzip() -> Unpacker:
    return _Members(lambda _: _ZlibMember(31), lambda first: first == 0x1F)


def _deflate() -> Unpacker:
    # RFC 9110 section 8.4.1.2: with a head of zlib, which some servers leave out
    return _Members(lambda first: _ZlibMember(15 if first & 0x0F == 8 else -15), lambda _: False)


def _zstd() -> Unpacker:
    return _Members(lambda _: _ZstdMember(), lambda first: first == 0x28 or 0x50 <= first <= 0x5F)


_UNPACKERS: dict[str, Callable[[], Unpacker]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _Brotli,
    "zstd": _zstd,
}


class Unpacking:
    """
    A body in one layer of compression, or in none.

    Args:
        encoding: the value of Content-Encoding.

    Raises:
        CannotUnpack: it is not known, or there is more than one: a few bytes in several would keep us busy
            with what never comes out of the last one.
    """

    def __init__(self, encoding: str) -> None:
        names = [name.strip().lower() for name in encoding.split(",")]
        names = [name for name in names if name not in {"", "identity"}]
        for name in names:
            if name not in _UNPACKERS:
                raise CannotUnpack(f"it is compressed in a way that is not known, {name[:40]!r}")
        if len(names) > 1:
            raise CannotUnpack(f"it is compressed {len(names)} times, and only one layer is taken off")
        self._layer = _UNPACKERS[names[0]]() if names else None

    def unpack(self, data: bytes) -> Iterator[bytes]:
        """As `Unpacker.unpack`; no step takes more than 16 KiB of `data`."""
        if self._layer is None:
            yield data
            return
        for start in range(0, len(data), _TAKEN_BYTES):
            yield from self._layer.unpack(data[start : start + _TAKEN_BYTES])
            yield b""

    def finish(self) -> None:
        """As `Unpacker.finish`."""
        if self._layer is not None:
            self._layer.finish()
