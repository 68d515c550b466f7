"""One open file, shared by all who are being sent it."""

import os

from doorward.doors.web.files.facts import FileFacts, facts_of
from doorward.doors.web.files.reading import can_read_at_once


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

    __slots__ = ("_holders", "_is_dropped", "descriptor", "facts", "is_prompt")

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        try:
            self.facts: FileFacts = facts_of(descriptor)
            self.is_prompt = can_read_at_once(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
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
