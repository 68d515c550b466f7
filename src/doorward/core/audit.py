"""What is written down for the keeper to read later: one event, one line of JSON in ASCII."""

import enum
import math
from collections.abc import Mapping
from json.encoder import encode_basestring_ascii as _quote
from types import MappingProxyType
from typing import NamedTuple

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


class AuditEvent(NamedTuple):
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
    details: Mapping[str, AuditValue] = MappingProxyType({})


def audit_line(event: AuditEvent, *, at: str) -> str:
    """
    Write `event` as one line of JSON, with its LF.

    Whatever is not printable ASCII is escaped, so that neither a terminal nor a reader of lines can be
    deceived by a name: control characters, ESC, line separators and those that turn the direction of text.

    Args:
        event: what happened.
        at: when, in ISO 8601.

    Raises:
        ValueError: a number that JSON does not have.
    """
    members = [f'{{"at":{_quote(at)},"event":"{event.kind.value}"']
    if event.who:
        members.append(f'"who":{_quote(event.who)}')
    if (peer := event.peer) is not None:
        members.append(f'"door":{_quote(peer.door)},"from":{_quote(peer.address)},"visitor":{peer.visitor}')
    members.extend([f"{_quote(name)}:{_encoded(value)}" for name, value in event.details.items()])
    return ",".join(members) + "}\n"


def _encoded(value: AuditValue) -> str:
    # json.dumps takes four times as long for so small a thing, and there is a line with every answer
    match value:
        case str():
            return _quote(value)
        case None | bool():
            return _WORDS[value]
        case float() if not math.isfinite(value):
            raise ValueError(f"{value} is no number in JSON")
        case int():
            # the plain digits of a member of an enum too, whose own repr is no JSON
            return int.__repr__(value)
        case _:
            return float.__repr__(value)


_WORDS: Mapping[bool | None, str] = MappingProxyType({None: "null", True: "true", False: "false"})
