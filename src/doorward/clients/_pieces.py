"""Bytes cut to pieces."""

from collections.abc import Iterator


def pieces(data: bytes, most_bytes: int) -> Iterator[bytes]:
    """`data`, in pieces of at most so many bytes; none where there are none."""
    for start in range(0, len(data), most_bytes):
        yield data[start : start + most_bytes]
