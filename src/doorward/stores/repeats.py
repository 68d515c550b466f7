"""
What repeats in the audit trail, told once a second and source with its number, instead of in gigabytes a day.

That is refusals, and answers of one run that are given again.
"""

from collections.abc import Callable
from dataclasses import dataclass

from doorward.core.audit import AuditEvent, AuditKind

REPEAT_SECONDS = 1.0
SOURCES = 1024
"""As many are told apart; one more is written out in full."""

_Key = tuple[object, ...]
_REFUSAL = AuditKind.REFUSAL


@dataclass(slots=True)
class _Repeated:
    event: AuditEvent
    since: float
    times: int = 0


class Repeats:
    """
    Counts events that are the same but for the visitor's number.

    Args:
        monotonic: tells the time.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._repeated: dict[_Key, _Repeated] = {}

    def __len__(self) -> int:
        return len(self._repeated)

    def swallow(self, event: AuditEvent) -> bool:
        """Whether `event` is only counted: its like was written, and `due` has not taken it since."""
        kind, who, peer, details = event
        if peer is None:
            return False
        key: _Key
        if "shared" in details:
            # which run it was says all
            key = (who, peer.door, peer.address, details["run"])
        elif kind is _REFUSAL:
            key = (who, peer.door, peer.address, *details.items())
        else:
            return False
        repeated = self._repeated.get(key)
        if repeated is not None:
            repeated.times += 1
            repeated.event = event
            return True
        if len(self._repeated) < SOURCES:
            self._repeated[key] = _Repeated(event, self._monotonic())
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
