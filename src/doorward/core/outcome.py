"""How asking for a command ended: for the asker's screen, exit status and JSON."""

import enum
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from doorward.core.errors import one_line
from doorward.core.launch import Declined, Ending, Exited, Lost, NotStarted, Raised, Signalled, Unkillable

STATUS_TIMED_OUT = 124
STATUS_UNAVAILABLE = 125
STATUS_REFUSED = 126
STATUS_UNKNOWN = 127


class OutcomeKind(enum.Enum):
    """The ways in which it can end; the values are the protocol's and JSON's words."""

    EXITED = "exited"
    SIGNALLED = "signalled"
    TIMED_OUT = "timed out"
    CANCELLED = "cancelled"
    UNKILLABLE = "unkillable"
    FAILED = "failed"
    BUSY = "busy"
    REFUSED = "refused"
    INVALID = "invalid"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    How it ended.

    Attributes:
        kind: which way.
        status: the exit status from 0 to 255 when `EXITED`, else 0.
        signal: the signal's number when `SIGNALLED`, or when that is how a stopped run died; else 0.
        reason: one line for the asker; empty when the kind says it all.
        after_seconds: the time limit when `TIMED_OUT`, else 0.
        cut_at_bytes: the limit at which output was cut; 0 when it is whole.
        is_success: the command ran, said 0, and all that it wrote is there; follows from the others.
    """

    kind: OutcomeKind
    status: int = 0
    signal: int = 0
    reason: str = ""
    after_seconds: float = 0.0
    cut_at_bytes: int = 0
    is_success: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        ran = self.kind is OutcomeKind.EXITED
        object.__setattr__(self, "is_success", ran and not self.status and not self.cut_at_bytes)

    @property
    def exit_status(self) -> int:
        """What a client on the command line exits with; for a signal 128 and its number, as in shells."""
        match self.kind:
            case OutcomeKind.EXITED:
                return self.status
            case OutcomeKind.SIGNALLED:
                return 128 + self.signal
            case OutcomeKind.CANCELLED:
                return 128 + (self.signal or signal.SIGTERM)
            case OutcomeKind.TIMED_OUT:
                return STATUS_TIMED_OUT
            case OutcomeKind.UNKILLABLE | OutcomeKind.FAILED | OutcomeKind.BUSY:
                return STATUS_UNAVAILABLE
            case OutcomeKind.REFUSED | OutcomeKind.INVALID:
                return STATUS_REFUSED
            case OutcomeKind.UNKNOWN:
                return STATUS_UNKNOWN


SUCCESS = Outcome(OutcomeKind.EXITED)

LEFT = Outcome(OutcomeKind.CANCELLED, reason="it goes on for others")
"""How a run ends for whoever was taken off it alone."""


def outcome_of(ending: Ending) -> Outcome:
    """How a child's end looks to its asker when nothing of ours brought it about."""
    match ending:
        case Exited(status):
            return Outcome(OutcomeKind.EXITED, status=status)
        case Signalled(number):
            return Outcome(OutcomeKind.SIGNALLED, signal=number)
        case NotStarted(_, reason) | Lost(reason):
            return Outcome(OutcomeKind.FAILED, reason=reason)
        case Raised(reference, reason):
            return Outcome(OutcomeKind.FAILED, reason=reason or f"it failed; the log explains {reference}")
        case Declined(reason):
            return Outcome(OutcomeKind.INVALID, reason=reason)
        case Unkillable():
            return Outcome(OutcomeKind.UNKILLABLE)


def outcome_members(outcome: Outcome) -> dict[str, str | int | float]:
    """`outcome` for JSON: its kind, the exit status a client should take, and what else is not empty."""
    members: dict[str, str | int | float] = {"kind": outcome.kind.value, "exit_status": outcome.exit_status}
    for name in ("status", "signal", "reason", "after_seconds", "cut_at_bytes"):
        if value := getattr(outcome, name):
            members[name] = value
    return members


def outcome_from(members: Mapping[str, object]) -> Outcome:
    """
    The outcome that `outcome_members` wrote; members that are not known are passed over.

    Raises:
        ValueError: no kind, one that is not known, or a member of another type.
    """
    kind = OutcomeKind(members.get("kind"))
    return Outcome(
        kind,
        status=_number(members, "status", most=255),
        signal=_number(members, "signal", most=64),
        reason=_text(members, "reason"),
        after_seconds=_seconds(members, "after_seconds"),
        cut_at_bytes=_number(members, "cut_at_bytes", most=2**40),
    )


_UNREASONED = MappingProxyType(
    {
        OutcomeKind.INVALID: "the words could not be read: an open quote, or no UTF-8",
        OutcomeKind.REFUSED: "refused",
        OutcomeKind.BUSY: "busy: too many runs wait already; try again later",
        OutcomeKind.FAILED: "it could not be run",
        OutcomeKind.UNKNOWN: "there is no such command; `{help_words}` lists them",
    }
)


def reason_words(outcome: Outcome, *, help_words: str) -> str:
    """
    Why nothing came of it, one line for a person; empty for a run that came to an end of its own.

    `help_words` is what has the commands listed, where that person says such things.
    """
    if outcome.kind not in _UNREASONED:
        return ""
    return outcome.reason or _UNREASONED[outcome.kind].format(help_words=help_words)


def end_words(members: Mapping[str, object]) -> str:
    """How what `outcome_members` wrote ended, for a cell of a table: `exit status 3`, `signal 9`, `busy`."""
    match members["kind"]:
        case OutcomeKind.EXITED.value:
            return f"exit status {members.get('status', 0)}"
        case OutcomeKind.SIGNALLED.value:
            return f"signal {members.get('signal', 0)}"
        case kind:
            # it may be one of a newer daemon's
            return one_line(str(kind))


def last_lines(outcome: Outcome) -> list[str]:
    """What the text protocol adds after the output, a line each: nothing when all went well."""
    lines = [f"output cut at {outcome.cut_at_bytes} bytes"] if outcome.cut_at_bytes else []
    if line := _last_line(outcome):
        lines.append(line)
    return lines


def _last_line(outcome: Outcome) -> str:
    match outcome.kind:
        case OutcomeKind.EXITED:
            return f"exit status {outcome.status}" if outcome.status else ""
        case OutcomeKind.SIGNALLED:
            return f"killed by signal {outcome.signal}"
        case OutcomeKind.TIMED_OUT:
            return f"stopped after {outcome.after_seconds:g} s"
        case OutcomeKind.CANCELLED:
            return "cancelled"
        case OutcomeKind.UNKILLABLE:
            return "could not be killed"
        case _:
            return ""


def _number(members: Mapping[str, object], name: str, *, most: int) -> int:
    value = members.get(name, 0)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise ValueError(f"{name} is no number from 0 to {most}")
    return value


def _text(members: Mapping[str, object], name: str) -> str:
    value = members.get(name, "")
    if not isinstance(value, str):
        raise ValueError(f"{name} is no text")
    return value


def _seconds(members: Mapping[str, object], name: str) -> float:
    value = members.get(name, 0.0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e9:
        raise ValueError(f"{name} is no time in seconds")
    return float(value)
