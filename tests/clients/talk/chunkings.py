"""Data cut into pieces, in every way."""

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import strategies as st


def pieces(data: bytes, cuts: Sequence[int]) -> list[bytes]:
    """`data` cut at these places."""
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[start:end] for start, end in pairwise(places)]


CUTS = st.lists(st.integers(0, 10_000), max_size=8)


def single_bytes(data: bytes) -> list[bytes]:
    """Each byte by itself."""
    return [data[place : place + 1] for place in range(len(data))]
