"""What happened since the start, counted: every event passes here on its way to the audit trail."""

from collections import Counter
from collections.abc import Iterator, Mapping

from doorward.core.audit import AuditEvent, AuditKind
from doorward.core.figures import Figure
from doorward.core.ports import AuditLog


class Tallies:
    """
    An `AuditLog` that counts what another one keeps.

    There is a number for each command and each door that there ever was since the start, and none for what a
    peer can make up.

    Args:
        audit: gets every event.
    """

    def __init__(self, audit: AuditLog) -> None:
        self._audit = audit
        self._asked: Counter[tuple[str, ...]] = Counter()
        self._ended: Counter[tuple[str, ...]] = Counter()
        self._seconds: dict[tuple[str, ...], float] = {}
        self._output_bytes: dict[tuple[str, ...], float] = {}
        self._logins: Counter[tuple[str, ...]] = Counter()
        self._failures: Counter[tuple[str, ...]] = Counter()
        self._refusals: Counter[tuple[str, ...]] = Counter()
        self._cancels: Counter[tuple[str, ...]] = Counter()

    def record(self, event: AuditEvent) -> None:
        """As the port has it."""
        self._count(event)
        self._audit.record(event)

    def figures(self) -> Iterator[Figure]:
        """All of them as they are now."""
        yield _total(
            "doorward_runs_asked",
            "Runs asked for; shared, others' too",
            ("door", "shared"),
            self._asked,
        )
        yield _total("doorward_runs_ended", "Runs that ended, by how", ("command", "outcome"), self._ended)
        yield _total("doorward_run_seconds", "Seconds that runs took", ("command",), self._seconds)
        yield _total("doorward_run_output_bytes", "Bytes that runs wrote", ("command",), self._output_bytes)
        yield _total("doorward_cancels", "Runs that somebody cancelled", ("door",), self._cancels)
        yield _total("doorward_logins", "Logins", ("door", "how"), self._logins)
        yield _total("doorward_login_failures", "Logins that were refused", ("door", "how"), self._failures)
        yield _total("doorward_refusals", "What else was refused", ("door",), self._refusals)

    def _count(self, event: AuditEvent) -> None:
        details, door = event.details, event.peer.door if event.peer is not None else ""
        match event.kind:
            case AuditKind.RUN:
                self._asked[door, "yes" if details.get("shared") else "no"] += 1
            case AuditKind.END:
                self._count_end(event)
            case AuditKind.LOGIN:
                self._logins[door, str(details.get("how", ""))] += 1
            case AuditKind.REFUSAL if "how" in details:
                self._failures[door, str(details["how"])] += 1
            case AuditKind.REFUSAL:
                self._refusals[door,] += 1
            case AuditKind.CANCEL:
                self._cancels[door,] += 1
            case AuditKind.RELOAD:
                pass

    def _count_end(self, event: AuditEvent) -> None:
        details = event.details
        command = str(details.get("command", ""))
        self._ended[command, str(details.get("outcome", ""))] += 1
        for sums, name in ((self._seconds, "seconds"), (self._output_bytes, "output_bytes")):
            value = details.get(name)
            if isinstance(value, int | float):
                sums[command,] = sums.get((command,), 0.0) + value


def _total(name: str, about: str, labels: tuple[str, ...], values: Mapping[tuple[str, ...], float]) -> Figure:
    # a copy: it is written out off the loop
    return Figure(name=name, about=about, is_total=True, labels=labels, values=dict(values))
