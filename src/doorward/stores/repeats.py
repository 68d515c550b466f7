"""
What repeats in the audit trail, told once a second and source with its number, instead of in gigabytes a day.

That is refusals, and answers of one run that are given again.
"""

from dataclasses import dataclass

from doorward.core.audit import AuditEvent, AuditKind

REPEAT_SECONDS = 1.0
SOURCES = 1024
"""As many are told apart; one more is written out in full."""

_Key = tuple[object, ...]


@dataclass(slots=True)
class _Repeated:
    event: AuditEvent
    since: float
    times: int = 0


class Repeats:
    """Counts events that are the same but for the visitor's number."""

    def __init__(self) -> None:
        self._repeated: dict[_Key, _Repeated] = {}

    def __len__(self) -> int:
        return len(self._repeated)

    def swallow(self, event: AuditEvent, *, now: float) -> bool:
        """Whether `event` is only counted: its like was written, and `due` has not taken it since."""
        if event.peer is None or not (event.kind is AuditKind.REFUSAL or "shared" in event.details):
            return False
        key = (event.who, event.peer.door, event.peer.address, *event.details.items())
        repeated = self._repeated.get(key)
        if repeated is not None:
            repeated.times += 1
            repeated.event = event
            return True
        if len(self._repeated) < SOURCES:
            self._repeated[key] = _Repeated(event, now)
        return False

    def due(self, *, now: float) -> list[AuditEvent]:
        """Take those whose second is over and that came again: the last of each, with how many `times`."""
        over = {key: each for key, each in self._repeated.items() if now - each.since >= REPEAT_SECONDS}
        for key in over:
            del self._repeated[key]
        return [
            each.event._replace(details={**each.event.details, "times": each.times})
            for each in over.values()
            if each.times
        ]
