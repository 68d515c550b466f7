"""An audit trail that a test can read."""

from doorward.core.audit import AuditEvent, AuditKind, audit_line
from doorward.core.ports import Clock
from doorward.testing.clock import ManualClock


class MemoryAuditLog:
    """
    An `AuditLog` that keeps everything.

    Attributes:
        events: in order.
        lines: as they would stand in the file.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self.events: list[AuditEvent] = []
        self.lines: list[str] = []
        self._clock = clock if clock is not None else ManualClock()

    def record(self, event: AuditEvent) -> None:
        self.events.append(event)
        self.lines.append(audit_line(event, at=f"{self._clock.wall():.3f}"))

    def of(self, kind: AuditKind) -> list[AuditEvent]:
        """The events of one kind."""
        return [event for event in self.events if event.kind is kind]
