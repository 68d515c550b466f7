"""One open file, shared by all who are being sent it."""

import math
import os

from doorward.doors.web.files.facts import FileFacts, facts_of
from doorward.doors.web.files.reading import can_read_at_once

IN_MEMORY_SECONDS = 0.25
"""How long a file that was in memory is taken to be so still, and is not read to see."""


class OpenFile:
    """
    A descriptor that is closed when the table has dropped it and the last who reads it has let go.

    Making one blocks, and takes the descriptor over whatever comes of it. From then on it is used on the
    loop; threads read the descriptor while it is held.

    Attributes:
        descriptor: of a regular file, for reading.
        facts: as they were when it was opened.
        is_prompt: reads tell when they would wait, and `fstat` never does.
    """

    __slots__ = ("_holders", "_is_dropped", "_read_at", "descriptor", "facts", "is_prompt")

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        try:
            self.facts: FileFacts = facts_of(descriptor)
            self.is_prompt = can_read_at_once(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        self._read_at = -math.inf
        self._holders = 0
        self._is_dropped = False

    def is_unchanged(self) -> bool:
        """
        Whether it is what it was, under the names that it had; to be called on the loop where it is prompt.

        A file that was renamed, replaced or removed shows by its time of change, as a written one does.
        """
        found, facts = os.fstat(self.descriptor), self.facts
        return (
            found.st_ctime_ns == facts.changed_ns
            and found.st_mtime_ns == facts.modified_ns
            and found.st_size == facts.size_bytes
        )

    def was_read(self, *, now: float) -> None:
        """Note that all of it was read from memory without waiting, at `now` on the monotonic clock."""
        self._read_at = now

    def is_in_memory(self, *, now: float) -> bool:
        """
        Whether all of it was in memory a moment ago: the kernel lets go of other pages first.

        On a machine that has no memory left it may be gone all the same; a disk is then waited for once.
        """
        return now - self._read_at < IN_MEMORY_SECONDS

    def hold(self) -> None:
        """Keep it open until `release`."""
        self._holders += 1

    def release(self) -> None:
        """Let go of it."""
        self._holders -= 1
        self._close_when_over()

    def drop(self) -> None:
        """Keep it for nobody new; idempotent."""
        if not self._is_dropped:
            self._is_dropped = True
            self._close_when_over()

    def _close_when_over(self) -> None:
        if self._is_dropped and not self._holders:
            os.close(self.descriptor)
