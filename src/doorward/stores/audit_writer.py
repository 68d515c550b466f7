"""The thread that appends to the audit trail; everything that waits for a disk happens in it."""

import contextlib
import json
import os
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from doorward.stores.locks import open_private

_SYNC_SECONDS = 0.5
OVERFLOW = "more came than the disk took"


@dataclass(frozen=True, slots=True)
class _Mark:
    reached: Callable[[], object]
    is_last: bool


class TimeText:
    """
    Seconds since 1970-01-01 UTC as ISO 8601 has them, with milliseconds: `2026-11-23T05:00:00.000Z`.

    The text of the last second is kept, as many lines fall into one.
    """

    __slots__ = ("_second", "_text")

    def __init__(self) -> None:
        self._second = -1
        self._text = ""

    def __call__(self, wall_seconds: float) -> str:
        second, milliseconds = divmod(int(wall_seconds * 1000), 1000)
        if second != self._second:
            self._second = second
            self._text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        return f"{self._text}.{milliseconds:03d}Z"


class AuditWriter:
    """
    Appends batches to a file, in order.

    Each number below has one writer: `overflowed_lines` the loop, the others the thread.

    Attributes:
        overflowed_lines: that were never handed over.
        unwritten_lines: that were handed over, and could not be written or synced.
        done_lines: that were handed over and are dealt with, written or lost.
    """

    def __init__(self, path: Path, *, wall: Callable[[], float]) -> None:
        self.overflowed_lines = 0
        self.unwritten_lines = 0
        self.done_lines = 0
        self._path = path
        self._wall = wall
        self._failure = OVERFLOW
        self._announced_lines = 0
        self._unsynced_lines = 0
        self._due_at = 0.0
        self._descriptor = -1
        self._is_torn = False
        self._work: queue.SimpleQueue[Sequence[str] | _Mark] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)

    @property
    def lost_lines(self) -> int:
        """How many lines were lost since the start."""
        return self.overflowed_lines + self.unwritten_lines

    @property
    def reason(self) -> str:
        """Why lines were lost last."""
        return self._failure

    def open(self) -> None:
        """
        Open the file, and see whether its last line was cut.

        Raises:
            OSError: the system refused.
        """
        descriptor = open_private(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT)
        size_bytes = os.fstat(descriptor).st_size
        self._is_torn = size_bytes > 0 and os.pread(descriptor, 1, size_bytes - 1) != b"\n"
        self._descriptor = descriptor

    def start(self) -> None:
        """Start the thread; what was handed over before is written too."""
        self._thread.start()

    def write(self, batch: Sequence[str]) -> None:
        """Hand over `batch`; never blocks."""
        self._work.put(batch)

    def turn_away(self, reason: str) -> None:
        """Count a line that is not handed over; for the loop alone."""
        self.overflowed_lines += 1
        self._failure = reason

    def mark(self, reached: Callable[[], object], *, is_last: bool) -> None:
        """Have `reached` called in the thread when all that was handed over is dealt with and synced."""
        self._work.put(_Mark(reached, is_last=is_last))

    def _run(self) -> None:
        is_last = False
        while not is_last:
            match self._next_work():
                case None:
                    self._append([])
                    self._sync()
                    self._due_at = time.monotonic() + _SYNC_SECONDS
                case _Mark() as mark:
                    is_last = mark.is_last
                    self._reach(mark)
                case batch:
                    if not self._has_more_to_do():
                        self._due_at = time.monotonic() + _SYNC_SECONDS
                    self._write_batch(batch)
        self._close()

    def _next_work(self) -> Sequence[str] | _Mark | None:
        if not self._has_more_to_do():
            return self._work.get()
        left_seconds = self._due_at - time.monotonic()
        # under steady load there is always a batch: the sync does not wait for a pause
        if left_seconds <= 0:
            return None
        try:
            return self._work.get(timeout=left_seconds)
        except queue.Empty:
            return None

    def _has_more_to_do(self) -> bool:
        return self._unsynced_lines > 0 or self.lost_lines > self._announced_lines

    def _reach(self, mark: _Mark) -> None:
        self._append([])
        self._sync()
        # the loop may have given up on us and be closed
        with contextlib.suppress(RuntimeError):
            mark.reached()

    def _write_batch(self, batch: Sequence[str]) -> None:
        self._append([line.encode("ascii") for line in batch])
        self.done_lines += len(batch)

    def _append(self, lines: list[bytes]) -> None:
        self._follow_path()
        lost_lines = self.lost_lines
        notice = self._notice(lost_lines - self._announced_lines)
        ending = b"\n" if self._is_torn and (notice or lines) else b""
        data = b"".join([ending, *notice, *lines])
        written_bytes = self._write(data)
        if written_bytes:
            self._is_torn = data[written_bytes - 1] != ord("\n")
        whole_lines = max(0, data.count(b"\n", 0, written_bytes) - len(ending))
        if notice and whole_lines:
            self._announced_lines = lost_lines
            whole_lines -= 1
        self._unsynced_lines += whole_lines
        self.unwritten_lines += len(lines) - whole_lines

    def _notice(self, lines: int) -> list[bytes]:
        if not lines:
            return []
        members = {"at": TimeText()(self._wall()), "event": "lost", "lines": lines}
        return [json.dumps(members, separators=(",", ":")).encode("ascii") + b"\n"]

    def _write(self, data: bytes) -> int:
        rest = memoryview(data)
        if self._descriptor < 0:
            return 0
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError as error:
            self._failure = str(error.strerror)
        return len(data) - len(rest)

    def _follow_path(self) -> None:
        """Open the file anew when another one, or none, stands at its path; the old one is synced first."""
        try:
            if self._descriptor >= 0 and self._stands_at_path():
                return
            self._sync()
            self._close()
            self.open()
        except OSError as error:
            self._failure = str(error.strerror)

    def _stands_at_path(self) -> bool:
        try:
            return os.path.samestat(os.lstat(self._path), os.fstat(self._descriptor))
        except OSError:
            return False

    def _sync(self) -> None:
        if not self._unsynced_lines:
            return
        unsynced_lines, self._unsynced_lines = self._unsynced_lines, 0
        try:
            os.fdatasync(self._descriptor)
        except OSError as error:
            # after this the kernel takes the pages for clean: they may never come to the disk
            self._lose(unsynced_lines, str(error.strerror))

    def _lose(self, lines: int, reason: str) -> None:
        self.unwritten_lines += lines
        self._failure = reason

    def _close(self) -> None:
        # a close that fails has freed it all the same: closed again, it would be somebody else's by then
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)
