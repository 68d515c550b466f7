"""What was said in answer to a line, from its start, for any number of readers."""

from collections.abc import Callable

from doorward.core.launch import Stream
from doorward.core.outcome import Outcome

Chunk = tuple[Stream, bytes]


class Transcript:
    """
    Output in the order in which it came, at most `most_bytes` of it, and how it ended.

    Chunks are kept once, however many read them; each reader has a place of its own, so that a slow one
    delays nobody.

    Attributes:
        chunks: all so far; only ever added to.
        size_bytes: of all chunks.
        cut_at_bytes: `most_bytes` once output was thrown away, else 0.
        outcome: how it ended; None while it goes on.
    """

    __slots__ = ("_listeners", "_most_bytes", "chunks", "cut_at_bytes", "outcome", "size_bytes")

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._listeners: list[Callable[[], None]] = []
        self.chunks: list[Chunk] = []
        self.size_bytes = 0
        self.cut_at_bytes = 0
        self.outcome: Outcome | None = None

    def add(self, stream: Stream, data: bytes) -> bool:
        """
        Add output, which must not be empty.

        Returns:
            Whether there is room for more.
        """
        room_bytes = self._most_bytes - self.size_bytes
        if len(data) > room_bytes:
            self.cut_at_bytes = self._most_bytes
            data = data[:room_bytes]
        if data:
            self.chunks.append((stream, data))
            self.size_bytes += len(data)
            self._tell()
        return not self.cut_at_bytes

    def finish(self, outcome: Outcome) -> None:
        """Say how it ended; nothing is added afterwards."""
        self.outcome = outcome
        self._tell()
        self._listeners.clear()

    def listen(self, on_news: Callable[[], None]) -> None:
        """Have `on_news` called whenever there is more to read; never once it has ended."""
        if self.outcome is None:
            self._listeners.append(on_news)

    def forget(self, on_news: Callable[[], None]) -> None:
        """Call it no more; nothing happens when it was not listening."""
        if on_news in self._listeners:
            self._listeners.remove(on_news)

    @property
    def listeners(self) -> int:
        """How many wait for more."""
        return len(self._listeners)

    def stdout(self) -> bytes:
        """All of the standard output so far."""
        return b"".join(data for stream, data in self.chunks if stream is Stream.OUT)

    def _tell(self) -> None:
        # a listener may leave while it is told
        for on_news in tuple(self._listeners):
            on_news()
