"""The ends of a child's pipes that the daemon holds."""

import asyncio
import os
from collections.abc import Callable

from doorward.core.launch import Stream
from doorward.processes.readiness import Readiness
from doorward.processes.settings import ProcessSettings

MOST_LAST_READS = 4096
"""Of a finished run's output: only a stranger who was handed the pipe could go on writing."""


class OutputPipe:
    """What a child writes to one of its outputs, handed on a chunk at a time until nobody wants more."""

    __slots__ = ("_descriptor", "_loop", "_readiness", "_settings", "_stream", "_take", "_watched")

    def __init__(
        self,
        descriptor: int,
        *,
        stream: Stream,
        take: Callable[[Stream, bytes], bool],
        loop: asyncio.AbstractEventLoop,
        readiness: Readiness,
        settings: ProcessSettings,
    ) -> None:
        self._descriptor = descriptor
        self._stream = stream
        self._take = take
        self._loop = loop
        self._readiness = readiness
        self._settings = settings
        self._watched = False

    def watch(self) -> None:
        """Read from now on whenever there is something."""
        if self._descriptor >= 0 and not self._watched:
            self._watched = True
            self._readiness.watch(self._descriptor, self._read)

    def finish(self) -> None:
        """Hand on what is left of a child that is gone, and close."""
        chunk_bytes = self._settings.chunk_bytes
        for _ in range(MOST_LAST_READS if self._descriptor >= 0 else 0):
            data = self._read_chunk()
            if not data or not self._take(self._stream, data) or len(data) < chunk_bytes:
                break
        self.close()

    def close(self) -> None:
        """Close; idempotent."""
        if self._descriptor >= 0:
            self._pause()
            os.close(self._descriptor)
            self._descriptor = -1

    def _read(self) -> None:
        data = self._read_chunk()
        if data == b"":
            self.close()
        elif data and not self._take(self._stream, data):
            self._pause()
            self._loop.call_later(self._settings.discard_seconds, self.watch)

    def _read_chunk(self) -> bytes | None:
        """Up to a chunk, None when there is nothing now, empty at the end."""
        try:
            return os.read(self._descriptor, self._settings.chunk_bytes)
        except BlockingIOError:
            return None

    def _pause(self) -> None:
        if self._watched:
            self._watched = False
            self._readiness.forget(self._descriptor)


class InputPipe:
    """What a child may read from its stdin, held until it does; how much there is, the writer bounds."""

    __slots__ = ("_descriptor", "_ending", "_held", "_readiness")

    def __init__(self, descriptor: int, *, readiness: Readiness) -> None:
        self._descriptor = descriptor
        self._readiness = readiness
        self._held = bytearray()
        self._ending = False

    def write(self, data: bytes) -> None:
        """Write, now or when there is room; a child that no longer reads is none the worse for it."""
        if self._descriptor < 0 or self._ending:
            return
        if not self._held:
            data = data[self._write_some(data) :]
        if data and self._descriptor >= 0:
            if not self._held:
                self._readiness.watch_writable(self._descriptor, self._flush)
            self._held += data

    def end(self) -> None:
        """Close after what is held was written; idempotent."""
        self._ending = True
        if not self._held:
            self.close()

    def close(self) -> None:
        """Close now; idempotent."""
        if self._descriptor >= 0:
            self._readiness.forget(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = -1
            self._held.clear()

    def _flush(self) -> None:
        written = self._write_some(self._held)
        del self._held[:written]
        if self._held or self._descriptor < 0:
            return
        self._readiness.forget(self._descriptor)
        if self._ending:
            self.close()

    def _write_some(self, data: bytes | bytearray) -> int:
        try:
            return os.write(self._descriptor, data)
        except BlockingIOError:
            return 0
        except OSError:  # EPIPE: nobody reads
            self.close()
            return len(data)
