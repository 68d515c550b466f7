"""What is written down for the keeper to read later: one event, one line of JSON in ASCII."""

import enum
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from doorward.core.principal import Peer

AuditValue = str | int | float | bool | None


class AuditKind(enum.Enum):
    """What happened."""

    LOGIN = "login"
    REFUSAL = "refusal"
    RUN = "run"
    END = "end"
    CANCEL = "cancel"
    RELOAD = "reload"


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """
    One thing that happened.

    Attributes:
        kind: what.
        who: the principal's name; empty when nobody asked.
        peer: whence; None when nobody asked.
        details: flat; a secret is never among them.
    """

    kind: AuditKind
    who: str = ""
    peer: Peer | None = None
    details: Mapping[str, AuditValue] = field(default_factory=lambda: MappingProxyType({}))


_encode = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), allow_nan=False).encode


def audit_line(event: AuditEvent, *, at: str) -> str:
    """
    Write `event` as one line of JSON, with its LF.

    Whatever is not printable ASCII is escaped, so that neither a terminal nor a reader of lines can be
    deceived by a name: control characters, ESC, line separators and those that turn the direction of text.

    Args:
        event: what happened.
        at: when, in ISO 8601.
    """
    members: dict[str, AuditValue] = {"at": at, "event": event.kind.value}
    if event.who:
        members["who"] = event.who
    if event.peer is not None:
        members["door"] = event.peer.door
        members["from"] = event.peer.address
        members["visitor"] = event.peer.visitor
    members.update(event.details)
    return _encode(members).replace("\x7f", "\\u007f") + "\n"
