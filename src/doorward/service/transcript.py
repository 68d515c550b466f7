"""What was said in answer to a line, from its start, for any number of readers."""

import logging
from collections.abc import Callable

from doorward.core.launch import Stream
from doorward.core.outcome import Outcome
from doorward.service.failures import log_failure

_log = logging.getLogger("doorward.transcript")

Chunk = tuple[Stream, bytes]

MERGED_BYTES = 1024
"""Chunks smaller than this together become one: a byte in a chunk of its own takes a hundred of memory."""


class Transcript:
    """
    Output in the order in which it came, at most `most_bytes` of it, and how it ended.

    Chunks are kept once, however many read them; each reader has a place of its own, so that a slow one
    delays nobody.

    Attributes:
        chunks: all so far; only ever added to, and the last may still grow until it has `MERGED_BYTES`.
        size_bytes: of all chunks.
        cut_at_bytes: `most_bytes` once output was thrown away, else 0.
        outcome: how it ended; None while it goes on.
    """

    __slots__ = ("_listeners", "_most_bytes", "chunks", "cut_at_bytes", "outcome", "size_bytes")

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._listeners: dict[object, Callable[[], None]] = {}
        self.chunks: list[Chunk] = []
        self.size_bytes = 0
        self.cut_at_bytes = 0
        self.outcome: Outcome | None = None

    def add(self, stream: Stream, data: bytes) -> bool:
        """
        Add output, which must not be empty; what comes after the end is thrown away.

        Returns:
            Whether there is room for more.
        """
        if self.outcome is not None:
            return False
        room_bytes = self._most_bytes - self.size_bytes
        if len(data) > room_bytes:
            self.cut_at_bytes = self._most_bytes
            data = data[:room_bytes]
        if data:
            self._append(stream, data)
            self._tell()
        return not self.cut_at_bytes

    def finish(self, outcome: Outcome) -> None:
        """Say how it ended; nothing is added afterwards."""
        self.outcome = outcome
        self._tell()
        self._listeners.clear()

    def listen(self, reader: object, on_news: Callable[[], None]) -> None:
        """Have `on_news` called whenever there is more for `reader`; never once it has ended."""
        if self.outcome is None:
            self._listeners[reader] = on_news

    def forget(self, reader: object) -> None:
        """Tell `reader` no more; nothing happens when it was not listening."""
        self._listeners.pop(reader, None)

    @property
    def listeners(self) -> int:
        """How many wait for more."""
        return len(self._listeners)

    def stdout(self) -> bytes:
        """All of the standard output so far."""
        return b"".join(data for stream, data in self.chunks if stream is Stream.OUT)

    def _append(self, stream: Stream, data: bytes) -> None:
        self.size_bytes += len(data)
        if self.chunks:
            last_stream, last = self.chunks[-1]
            if last_stream is stream and len(last) + len(data) <= MERGED_BYTES:
                self.chunks[-1] = (stream, last + data)
                return
        self.chunks.append((stream, data))

    def _tell(self) -> None:
        for reader, on_news in tuple(self._listeners.items()):
            # one may have left while another was told
            if reader in self._listeners:
                self._tell_one(reader, on_news)

    def _tell_one(self, reader: object, on_news: Callable[[], None]) -> None:
        try:
            on_news()
        except Exception as error:  # noqa: BLE001 - logged
            # a reader is isolated from the others, and from the run whose end may be what it is told
            log_failure(_log, "a reader, which is told no more,", error)
            self._listeners.pop(reader, None)
