"""The audit trail: lines of JSON in a file that is only ever appended to, written in a thread of its own."""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from doorward.core.audit import AuditEvent, audit_line
from doorward.core.errors import StateError
from doorward.core.ports import Clock, Timer
from doorward.stores.audit_writer import OVERFLOW, AuditWriter, TimeText
from doorward.stores.repeats import Repeats

AUDIT_NAME = "audit.jsonl"

_BATCH_SECONDS = 0.05
_TELL_SECONDS = 60.0
_FLUSH_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class AuditTrouble:
    """
    Lines of the audit trail were lost.

    Attributes:
        path: of the file.
        reason: of the last loss, one line.
        lost_lines: since the start.
    """

    path: Path
    reason: str
    lost_lines: int

    def __str__(self) -> str:
        return f"{self.path}: {self.lost_lines} lines of the audit trail are lost: {self.reason}"


class AuditFile:
    """
    The `AuditLog` in a file of mode 0600.

    A refusal, or an answer given again, that is like one of the last second is counted, and told once with
    `times`.

    A record waits on the loop for 50 ms at most, is written with those that came meanwhile, and is synced to
    the disk within half a second more. What cannot be written, or comes when `waiting_lines` wait, is
    counted: the next line that can be written is `{"at":...,"event":"lost","lines":N}`, and `told` hears of
    it on the loop, at most once a minute. A file that was moved away, as logrotate does, is followed by a new
    one. A line that a crash or a full disk cut stays as it is, and the next starts on a line of its own.

    Only one process may write to a file: whoever holds the state folder.

    Attributes:
        path: of the file.
    """

    def __init__(
        self, path: Path, *, clock: Clock, waiting_lines: int, told: Callable[[AuditTrouble], object]
    ) -> None:
        self.path = path
        self._clock = clock
        self._wall = clock.wall
        self._told = told
        self._told_at: float | None = None
        self._told_lines = 0
        self._waiting_lines = waiting_lines
        self._time_text = TimeText()
        self._batch: list[str] = []
        self._repeats = Repeats(clock.monotonic)
        # what may still come before the next tick; the writer's progress is only looked at there
        self._room = 0
        self._handed_lines = 0
        self._timer: Timer | None = None
        self._writer = AuditWriter(path, wall=clock.wall)
        self._is_open = False

    @property
    def lost_lines(self) -> int:
        """How many lines were lost since the start."""
        return self._writer.lost_lines

    def open(self) -> None:
        """
        Open the file and be ready for records; blocks for as long as a disk takes.

        Raises:
            StateError: the file cannot be opened.
        """
        try:
            self._writer.open()
        except OSError as error:
            raise StateError(f"{self.path} cannot be opened: {error.strerror}") from error
        self._writer.start()
        self._is_open = True
        self._room = self._waiting_lines

    def record(self, event: AuditEvent) -> None:
        if not self._repeats.swallow(event):
            self._write_out(event)
        if self._timer is None:
            self._timer = self._clock.call_later(_BATCH_SECONDS, self._tick)

    def _write_out(self, event: AuditEvent) -> None:
        if self._room <= 0:
            self._writer.turn_away(OVERFLOW)
            return
        # written out here: a thread that did it fought the loop for the interpreter, at ten times the cost
        try:
            line = audit_line(event, at=self._time_text(self._wall()))
        except (TypeError, ValueError) as error:
            self._writer.turn_away(f"an event that is no JSON: {error}")
            return
        self._room -= 1
        self._batch.append(line)

    async def flush(self) -> bool:
        """
        Have all that was recorded so far written and synced, as far as it can be.

        Returns:
            Whether the writer came to it within 10 s.
        """
        return await self._reach_mark(is_last=False)

    async def close(self) -> None:
        """
        Write and sync what is left, and close the file; idempotent. What is recorded later counts as lost.

        Gives up after 10 s on a disk that does not answer; what was left then counts as lost.
        """
        if not self._is_open:
            return
        self._write_out_repeats(now=math.inf)
        self._is_open = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not await self._reach_mark(is_last=True):
            self._writer.overflowed_lines += self._outstanding_lines
        self._tell(at_once=True)

    async def _reach_mark(self, *, is_last: bool) -> bool:
        self._hand_over()
        loop, reached = asyncio.get_running_loop(), asyncio.Event()
        self._writer.mark(lambda: loop.call_soon_threadsafe(reached.set), is_last=is_last)
        try:
            async with asyncio.timeout(_FLUSH_SECONDS):
                await reached.wait()
        except TimeoutError:
            return False
        self._hand_over()
        return True

    def _tick(self) -> None:
        self._timer = None
        self._write_out_repeats(now=self._clock.monotonic())
        self._hand_over()
        self._tell(at_once=False)
        if self._outstanding_lines or self._repeats:
            self._timer = self._clock.call_later(_BATCH_SECONDS, self._tick)

    def _write_out_repeats(self, *, now: float) -> None:
        for event in self._repeats.due(now=now):
            self._write_out(event)

    def _hand_over(self) -> None:
        if self._batch:
            self._handed_lines += len(self._batch)
            self._writer.write(self._batch)
            self._batch = []
        self._room = self._waiting_lines - self._outstanding_lines if self._is_open else 0

    @property
    def _outstanding_lines(self) -> int:
        return self._handed_lines - self._writer.done_lines

    def _tell(self, *, at_once: bool) -> None:
        lost_lines, now = self.lost_lines, self._clock.monotonic()
        if lost_lines == self._told_lines:
            return
        if at_once or self._told_at is None or now - self._told_at >= _TELL_SECONDS:
            self._told_at, self._told_lines = now, lost_lines
            self._told(AuditTrouble(self.path, self._writer.reason, lost_lines))
