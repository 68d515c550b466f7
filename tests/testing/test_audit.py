"""The trail that a test can read; that it holds what the file holds is shown beside the file's own tests."""

from doorward.core.audit import AuditEvent, AuditKind
from doorward.core.ports import AuditLog
from doorward.testing.audit import MemoryAuditLog


def test_it_keeps_events_in_order_and_finds_them_by_kind() -> None:
    kept = MemoryAuditLog()
    log: AuditLog = kept
    events = [
        AuditEvent(AuditKind.LOGIN, "alice"),
        AuditEvent(AuditKind.RELOAD),
        AuditEvent(AuditKind.LOGIN, "bob"),
    ]
    for event in events:
        log.record(event)
    assert kept.events == events
    assert kept.of(AuditKind.LOGIN) == [events[0], events[2]]
    assert len(kept.lines) == 3
