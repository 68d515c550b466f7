"""A run's output for a page: both streams read for their colours, told apart, and bounded."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from doorward.core.launch import Stream
from doorward.doors.web.pages.ansi import AnsiReader, Piece, Rewind, Text
from doorward.service.transcript import Chunk

SHOWN_BYTES = 256 * 1024
"""
Of one output in a page: what came last. The rest is in the download.

Source: measured with Chromium, which lays out so much monospaced text within 100 ms.
"""

SHOWN_PIECES = 4000
"""
Of one output in a page, each of which has a style of its own.

Source: measured, a template writes so many in 10 ms.
"""

TURN_BYTES = 4096

NAMES = {Stream.OUT: "out", Stream.ERR: "err"}


@dataclass(frozen=True, slots=True)
class Part:
    """
    What one stream wrote until the other one did.

    Attributes:
        stream: `out` or `err`.
        pieces: at least one.
    """

    stream: str
    pieces: tuple[Text, ...]


class OutputReader:
    """Reads both streams of an output, each with a style and half-read characters of its own."""

    __slots__ = ("_readers",)

    def __init__(self) -> None:
        self._readers = {stream: AnsiReader() for stream in Stream}

    def receive(self, chunk: Chunk) -> tuple[str, list[Piece]]:
        """The name of the chunk's stream, and the pieces that it completes."""
        stream, data = chunk
        return NAMES[stream], self._readers[stream].receive(data)

    def finish(self) -> list[tuple[str, list[Piece]]]:
        """What was held back of each, when nothing more comes."""
        ends = [(NAMES[stream], reader.finish()) for stream, reader in self._readers.items()]
        return [(name, pieces) for name, pieces in ends if pieces]


def skipped_bytes(size_bytes: int) -> int:
    """How much of the start of an output of `size_bytes` a page leaves out."""
    return max(0, size_bytes - SHOWN_BYTES)


def shown_chunks(chunks: list[Chunk]) -> list[Chunk]:
    """The last of `chunks`, which have what a page shows; the first of them may have more."""
    left_bytes, first = SHOWN_BYTES, len(chunks)
    while first and left_bytes > 0:
        first -= 1
        left_bytes -= len(chunks[first][1])
    return chunks[first:]


class Parts:
    """
    An output as parts, for a page that is written at once: of many pieces the last ones.

    Attributes:
        is_cut: whether some were left out.
    """

    __slots__ = ("_parts", "_pieces", "_reader", "is_cut")

    def __init__(self) -> None:
        self._reader = OutputReader()
        self._parts: list[tuple[str, list[Text]]] = []
        self._pieces = 0
        self.is_cut = False

    def receive(self, chunk: Chunk) -> None:
        """Add what the next chunk completes."""
        self._add(*self._reader.receive(chunk))

    def finish(self) -> None:
        """Add what was held back, when nothing more comes."""
        for name, pieces in self._reader.finish():
            self._add(name, pieces)

    @property
    def shown(self) -> list[Part]:
        """All parts that have something to show."""
        self._cut()
        return [Part(name, tuple(pieces)) for name, pieces in self._parts if pieces]

    def _add(self, name: str, pieces: list[Piece]) -> None:
        _add(self._parts, name, pieces)
        self._pieces += len(pieces)
        if self._pieces > 2 * SHOWN_PIECES:
            self._cut()

    def _cut(self) -> None:
        """Leave the oldest pieces out."""
        left = sum(len(pieces) for _, pieces in self._parts)
        while left > SHOWN_PIECES:
            pieces = self._parts[0][1]
            over = min(left - SHOWN_PIECES, len(pieces))
            del pieces[:over]
            left -= over
            self.is_cut = True
            if not pieces:
                del self._parts[0]
        self._pieces = left


async def read_parts(chunks: Iterable[Chunk], *, turn: asyncio.Lock, is_whole: bool) -> Parts:
    """
    Read an output, in turns with whatever else the loop has to do.

    Args:
        chunks: of it, in the order in which they came.
        turn: of the house.
        is_whole: nothing more comes, so that nothing is held back.
    """
    parts = Parts()
    for stream, data in chunks:
        for piece in in_turns(data):
            async with turn:
                parts.receive((stream, piece))
                await asyncio.sleep(0)
    if is_whole:
        parts.finish()
    return parts


def in_turns(data: bytes) -> Iterable[bytes]:
    """`data` in pieces of which each is read within a few milliseconds at worst."""
    return (data[at : at + TURN_BYTES] for at in range(0, len(data), TURN_BYTES))


def _add(parts: list[tuple[str, list[Text]]], name: str, pieces: Iterable[Piece]) -> None:
    for piece in pieces:
        if not parts or parts[-1][0] != name:
            parts.append((name, []))
        if isinstance(piece, Rewind):
            _rewind(parts[-1][1])
        else:
            parts[-1][1].append(piece)


def _rewind(pieces: list[Text]) -> None:
    """Take away what stands after the last line ending of this part."""
    while pieces:
        last = pieces.pop()
        before, ending, _ = last.text.rpartition("\n")
        if ending:
            pieces.append(Text(before + ending, last.classes))
            return
