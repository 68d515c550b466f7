"""A run's output for a page: both streams read for their colours, told apart, and bounded."""

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


def parts_of(chunks: Iterable[Chunk], *, is_whole: bool) -> list[Part]:
    """
    An output as parts, for a page that is written at once.

    Args:
        chunks: of it, in the order in which they came.
        is_whole: nothing more comes, so that nothing is held back.
    """
    reader = OutputReader()
    parts: list[tuple[str, list[Text]]] = []
    for chunk in chunks:
        _add(parts, *reader.receive(chunk))
    if is_whole:
        for name, pieces in reader.finish():
            _add(parts, name, pieces)
    return [Part(name, tuple(pieces)) for name, pieces in parts if pieces]


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
