"""
What a source pays for offences at doors that ask for a login: a pure decision.

Source: srclimit.c of OpenSSH 9.8 and PerSourcePenalties of sshd_config(5). Penalties add up. They count once
more than the least has come together, and from then on until they have run out.
"""

import enum
from dataclasses import dataclass

from doorward.core.limits import PenaltyLimits


class Offence(enum.Enum):
    """What costs a penalty."""

    FAILED_LOGIN = "failed login"
    LATE_LOGIN = "login that did not come in time"
    NO_LOGIN = "connection without a login"


@dataclass(frozen=True, slots=True)
class Penalty:
    """
    What one source has to pay off.

    Attributes:
        until_at: when all of it is paid, on the monotonic clock.
        counts: the source is shut out until then; otherwise it is only remembered.
    """

    until_at: float
    counts: bool = False


def penalty_after(before: Penalty | None, offence: Offence, limits: PenaltyLimits, *, now: float) -> Penalty:
    """
    What the source has to pay off that offends now.

    Args:
        before: what it had to pay off already, run out or not; None for nothing.
        offence: what it did.
        limits: what that costs.
        now: on the monotonic clock.
    """
    owes = before is not None and before.until_at > now
    since = before.until_at if before is not None and owes else now
    until_at = min(since + _seconds_of(offence, limits), now + limits.most_seconds)
    counted = before is not None and owes and before.counts
    return Penalty(until_at, counted or until_at - now > limits.least_seconds)


def _seconds_of(offence: Offence, limits: PenaltyLimits) -> float:
    match offence:
        case Offence.FAILED_LOGIN:
            return limits.failed_login_seconds
        case Offence.LATE_LOGIN:
            return limits.late_login_seconds
        case Offence.NO_LOGIN:
            return limits.no_login_seconds
