"""What happened is counted, and kept by another all the same."""

from doorward.core.audit import AuditEvent, AuditKind, AuditValue
from doorward.core.principal import Peer
from doorward.service.tallies import Tallies
from doorward.testing.audit import MemoryAuditLog

WEB = Peer("web", "192.0.2.1")


def test_every_kind_is_counted_by_what_matters() -> None:
    kept = MemoryAuditLog()
    tallies = Tallies(kept)
    events = [
        AuditEvent(AuditKind.LOGIN, "alice", WEB, {"how": "token"}),
        AuditEvent(AuditKind.REFUSAL, "", WEB, {"how": "password", "reason": "wrong", "tried": "mallory"}),
        AuditEvent(AuditKind.REFUSAL, "alice", WEB, {"command": "status", "reason": "no"}),
        AuditEvent(AuditKind.RUN, "alice", WEB, {"run": 1, "command": "df"}),
        AuditEvent(AuditKind.RUN, "bob", WEB, {"run": 1, "command": "df", "shared": True}),
        AuditEvent(AuditKind.CANCEL, "alice", WEB, {"run": 1}),
        AuditEvent(AuditKind.RELOAD),
    ]
    for seconds, output_bytes in ((0.25, 10), (0.5, 20)):
        end: dict[str, AuditValue] = {
            "run": 1,
            "command": "df",
            "outcome": "exited",
            "seconds": seconds,
            "output_bytes": output_bytes,
        }
        events.append(AuditEvent(AuditKind.END, "alice", WEB, end))
    for event in events:
        tallies.record(event)
    assert kept.events == events
    assert {figure.name: dict(figure.values) for figure in tallies.figures()} == {
        "doorward_runs_asked": {("web", "no"): 1, ("web", "yes"): 1},
        "doorward_runs_ended": {("df", "exited"): 2},
        "doorward_run_seconds": {("df",): 0.75},
        "doorward_run_output_bytes": {("df",): 30},
        "doorward_cancels": {("web",): 1},
        "doorward_logins": {("web", "token"): 1},
        "doorward_login_failures": {("web", "password"): 1},
        "doorward_refusals": {("web",): 1},
    }
