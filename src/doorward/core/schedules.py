"""What runs by the clock, and how far it is."""

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from doorward.core.mailboxes import Mailbox
from doorward.core.outcome import Outcome, OutcomeKind

EVERY_LEAST_SECONDS = 1
EVERY_MOST_SECONDS = 366 * 86_400

SECONDS_OF: Mapping[str, int] = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}

_PERIOD = re.compile(r"([0-9]{1,9})(s|min|m|h|d|w)")
_PERIODS = re.compile(rf"(?:{_PERIOD.pattern}\s*)+")
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


@dataclass(frozen=True, slots=True)
class Every:
    """Again and again after so many seconds, from `EVERY_LEAST_SECONDS` to `EVERY_MOST_SECONDS`."""

    seconds: int

    def __str__(self) -> str:
        parts, left = [], self.seconds
        for unit in ("d", "h", "min", "s"):
            number, left = divmod(left, SECONDS_OF[unit])
            parts += [f"{number}{unit}"] if number else []
        return f"every {' '.join(parts)}"


@dataclass(frozen=True, slots=True)
class At:
    """Each day at a time of the local clock."""

    hour: int
    minute: int

    def __str__(self) -> str:
        return f"at {self.hour:02}:{self.minute:02}"


Timing = Every | At


def parse_every(text: str) -> Every | None:
    """Read `6h`, `90s` or `1h 30min`; None when it is no such period."""
    if _PERIODS.fullmatch(text.strip()) is None:
        return None
    seconds = sum(int(number) * SECONDS_OF[unit] for number, unit in _PERIOD.findall(text))
    return Every(seconds) if EVERY_LEAST_SECONDS <= seconds <= EVERY_MOST_SECONDS else None


def parse_at(text: str) -> At | None:
    """Read `04:30`; None when it is no time of a day."""
    match = _TIME.fullmatch(text)
    return At(int(match[1]), int(match[2])) if match else None


class CatchUp(enum.Enum):
    """What becomes of times that passed while nobody was there to keep them."""

    ONCE = "once"
    NO = "no"


class Overlap(enum.Enum):
    """What becomes of a time that comes while the run before is still under way."""

    SKIP = "skip"


class MailWhen(enum.Enum):
    """After which runs there is mail."""

    ALWAYS = "always"
    FAILURE = "failure"
    CHANGE = "change"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """
    One command by the clock.

    Attributes:
        name: as a command's.
        command: the name of what runs.
        line: the whole line that asks for it.
        timing: when.
        catch_up, overlap, mail: what their types say.
        to: who gets the mail; with none, who the settings of mail say.
    """

    name: str
    command: str
    line: str
    timing: Timing
    catch_up: CatchUp = CatchUp.ONCE
    overlap: Overlap = Overlap.SKIP
    mail: MailWhen = MailWhen.NEVER
    to: tuple[Mailbox, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleState:
    """
    How far a schedule is; all times are wall times in seconds since 1970-01-01 UTC.

    Attributes:
        name: of the schedule.
        timing: the text of the timing that `next_at` follows.
        next_at: when it is due next.
        due_at: the time that the last run was due at; None before the first, as the next two.
        began_at: when that run began.
        ended_at: when it ended; None while it goes on, and for one that nobody saw end.
        outcome: how the last run that ended did so.
        digest: of its outcome and output; empty for none.
        missed: times that passed without a run, right before the last one and since, as nobody was there.
        skipped: times since it began that passed because it was still under way.
        trouble: what went wrong with the schedule itself, one line; empty for nothing.
    """

    name: str
    timing: str
    next_at: float
    due_at: float | None = None
    began_at: float | None = None
    ended_at: float | None = None
    outcome: Outcome | None = None
    digest: str = ""
    missed: int = 0
    skipped: int = 0
    trouble: str = ""

    @property
    def is_under_way(self) -> bool:
        """Whether a run began and is not known to have ended."""
        return self.began_at is not None and self.ended_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """
    How a scheduled run ended.

    Attributes:
        outcome: how.
        output: both streams as they came, at most the command's `output_bytes`.
        run: its number; 0 when it got none.
    """

    outcome: Outcome
    output: bytes = field(default=b"", repr=False)
    run: int = 0


INTERRUPTED = Outcome(
    OutcomeKind.FAILED, reason="the daemon ended in its midst; how far it came is not known"
)
"""How a run ended that began before a crash."""


def wants_mail(when: MailWhen, outcome: Outcome, *, digest: str, digest_before: str) -> bool:
    """Whether a run that ended so is to be mailed; the first one is a change too."""
    match when:
        case MailWhen.ALWAYS:
            return True
        case MailWhen.FAILURE:
            return not outcome.is_success
        case MailWhen.CHANGE:
            return digest != digest_before
        case MailWhen.NEVER:
            return False
