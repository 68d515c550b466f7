"""One run: an invocation under way, those who own it, and what it has said so far."""

import enum
from dataclasses import replace
from typing import Protocol

from doorward.core.invocation import Invocation
from doorward.core.launch import Ending, Signalled, Unkillable
from doorward.core.outcome import Outcome, OutcomeKind, outcome_of
from doorward.core.ports import Child, Timer
from doorward.core.principal import Peer, Principal
from doorward.core.secret import Secret
from doorward.core.tables import Series, Table
from doorward.service.places import Claim
from doorward.service.threads import Work
from doorward.service.transcript import Transcript


class RunState(enum.Enum):
    """Where a run stands."""

    WAITING = "waiting"
    LIVE = "live"
    STOPPING = "stopping"
    ENDED = "ended"


class StopCause(enum.Enum):
    """Why we stopped a run."""

    TIME = "time"
    CANCELLED = "cancelled"
    UNREAD = "unread"
    INPUT = "input"
    DRAINED = "drained"


class RunReader(Protocol):
    """
    Somebody who reads a run, as the run knows them.

    Attributes:
        principal: who.
    """

    principal: Principal

    def take_off(self) -> None:
        """End it for this reader alone, as cancelled."""


class Run:
    """
    A run, from the line that asked for it until it is forgotten.

    The desk alone changes it; doors see it through an `Answer`.

    Attributes:
        number: counted from 1 since the start of the daemon.
        invocation: what runs.
        key: equal for runs that may be shared; as it was asked for, before paths were followed.
        principal, peer: who asked first, and whence.
        owners: the names of all users who asked for it; guests own nothing.
        asked_at: seconds since 1970-01-01 UTC.
        began_at, ended_at: on the monotonic clock, in seconds; None before.
        input_bytes: how much came for its stdin so far.
        pending_input: what of it waits for the child.
        child: what does it; None until it has started, and once it has ended.
        following: its paths being followed; None before and after.
        claim: its place.
        stop_cause: why it was stopped; None when it was not.
        readers: all who read it while it goes on.
        asker: the one who began it, whose stdin is its own; None when no stdin is wanted.
        timers: whatever is due for it, by what it is for.
        drawn: what its command's reader made of its output, alone in a tuple; None before anybody asked.
    """

    __slots__ = (
        "asked_at",
        "asker",
        "began_at",
        "child",
        "claim",
        "drawn",
        "ended_at",
        "following",
        "input_bytes",
        "input_ended",
        "invocation",
        "key",
        "number",
        "owners",
        "peer",
        "pending_input",
        "principal",
        "readers",
        "state",
        "stop_cause",
        "timers",
        "transcript",
    )

    def __init__(
        self,
        *,
        number: int,
        invocation: Invocation,
        principal: Principal,
        peer: Peer,
        asked_at: float,
        output_bytes: int,
    ) -> None:
        self.number = number
        self.invocation = invocation
        self.key = invocation.key
        self.principal = principal
        self.peer = peer
        self.owners: frozenset[str] = frozenset()
        self.asked_at = asked_at
        self.began_at: float | None = None
        self.ended_at: float | None = None
        self.input_bytes = 0
        self.input_ended = not invocation.command.takes_input
        self.pending_input = bytearray()
        self.child: Child | None = None
        self.following: Work | None = None
        self.claim: Claim | None = None
        self.stop_cause: StopCause | None = None
        self.state = RunState.WAITING
        self.readers: list[RunReader] = []
        self.asker: RunReader | None = None
        self.timers: dict[str, Timer] = {}
        self.transcript = Transcript(output_bytes)
        self.drawn: tuple[Table | Series | None] | None = None

    @property
    def outcome(self) -> Outcome | None:
        """How it ended; None while it goes on."""
        return self.transcript.outcome

    def own(self, principal: Principal) -> None:
        """Make `principal` an owner; guests cannot be one."""
        if not principal.is_guest and principal.name not in self.owners:
            self.owners |= {principal.name}

    def forget_secrets(self) -> None:
        """Keep no secret longer than it is needed; such a run is never shared, and needs no key."""
        hidden = {
            name: Secret("") for name, value in self.invocation.values.items() if isinstance(value, Secret)
        }
        if hidden:
            self.invocation = self.invocation.with_values(hidden)
            self.key = ()

    def cancel_timer(self, purpose: str) -> None:
        """Take back what is due for this, if anything is."""
        if (timer := self.timers.pop(purpose, None)) is not None:
            timer.cancel()

    def cancel_timers(self) -> None:
        """Take back whatever is due for it."""
        for timer in self.timers.values():
            timer.cancel()
        self.timers.clear()


def run_outcome(run: Run, ending: Ending, *, timeout_seconds: float, input_bytes: int) -> Outcome:
    """How `run` ended: by its child's ending, or by what we stopped it for."""
    return replace(
        _stopped(run.stop_cause, ending, timeout_seconds=timeout_seconds, input_bytes=input_bytes),
        cut_at_bytes=run.transcript.cut_at_bytes,
    )


def _stopped(cause: StopCause | None, ending: Ending, *, timeout_seconds: float, input_bytes: int) -> Outcome:
    if cause is None or isinstance(ending, Unkillable):
        return outcome_of(ending)
    signal = ending.signal if isinstance(ending, Signalled) else 0
    match cause:
        case StopCause.TIME:
            return Outcome(OutcomeKind.TIMED_OUT, signal=signal, after_seconds=timeout_seconds)
        case StopCause.INPUT:
            return Outcome(OutcomeKind.INVALID, reason=f"input is more than {input_bytes} bytes")
        case StopCause.CANCELLED:
            return Outcome(OutcomeKind.CANCELLED, signal=signal)
        case StopCause.UNREAD:
            return Outcome(OutcomeKind.CANCELLED, signal=signal, reason="nobody read it")
        case StopCause.DRAINED:
            return Outcome(OutcomeKind.CANCELLED, signal=signal, reason="the daemon was stopped")
