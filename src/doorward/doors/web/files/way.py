"""What all answers with files are sent by."""

from dataclasses import dataclass, field

from doorward.core.ports import Clock
from doorward.doors.web.files.open_file import OpenFile
from doorward.doors.web.files.ranges import Part
from doorward.doors.web.files.reading import READ_BYTES, read_at_once
from doorward.service.threads import Threads


@dataclass(frozen=True, slots=True)
class Way:
    """
    How files are sent.

    Attributes:
        threads: that may block.
        clock: the daemon's.
        stalled_seconds: how long a peer may take nothing.
        scratch: what is read and sent without a wait in between; whoever writes to it uses it up at once.
    """

    threads: Threads
    clock: Clock
    stalled_seconds: float
    scratch: memoryview = field(default_factory=lambda: memoryview(bytearray(READ_BYTES)), repr=False)

    def read_now(self, file: OpenFile, part: Part) -> memoryview | None:
        """The bytes of `part`, to be used at once; None when the kernel would have to wait for them."""
        body = self.scratch[: part.size_bytes]
        if file.is_prompt and read_at_once(file.descriptor, body, part.first) == part.size_bytes:
            return body
        return None

    def has_in_memory(self, file: OpenFile) -> bool:
        """Whether the kernel can send `file` without waiting: it is read to see, unless that was lately."""
        if not file.is_prompt:
            return False
        now = self.clock.monotonic()
        if file.is_in_memory(now=now):
            return True
        size_bytes = file.facts.size_bytes
        if size_bytes > READ_BYTES or self.read_now(file, Part(0, size_bytes - 1)) is None:
            return False
        file.was_read(now=now)
        return True
