"""What the mail about a scheduled run says."""

from collections.abc import Callable

from doorward.core.counts import times
from doorward.core.mail import Mail
from doorward.core.moments import second_utc
from doorward.core.outcome import Outcome, OutcomeKind, last_lines
from doorward.core.schedules import RunResult, Schedule, ScheduleState
from doorward.errands.composing import Draft

TEXT_BYTES = 256 * 1024
"""Of the output, as much as stands in the message."""

RunMail = Callable[[Schedule, ScheduleState, RunResult], Mail]
"""Makes the message about a run; raises MailError where it has no recipient."""


def run_draft(schedule: Schedule, state: ScheduleState, result: RunResult, *, host: str) -> Draft:
    """
    What is to be said of a run that ended; takes milliseconds for much output, so not on a loop.

    Args:
        schedule: whose run it was.
        state: as it is after the run.
        result: how it ended, with its output.
        host: where it ran.
    """
    return Draft(
        subject=f"{schedule.name} on {host}: {describe(result.outcome)}",
        text=_text(schedule, state, result),
        to=schedule.to,
        list_id=f"schedule.{schedule.name}",
    )


def describe(outcome: Outcome) -> str:
    """How it ended, in a few words."""
    if outcome.is_success:
        return "all went well"
    lines = last_lines(outcome)
    if not lines or outcome.reason:
        kind = "failed" if outcome.kind is OutcomeKind.FAILED else outcome.kind.value
        lines = [*(line for line in lines if line != kind), kind]
    return ", ".join([*lines, *([outcome.reason] if outcome.reason else [])])


def _text(schedule: Schedule, state: ScheduleState, result: RunResult) -> str:
    facts = [
        schedule.line,
        f"due {_time(state.due_at)}, began {_time(state.began_at)}, ended {_time(state.ended_at)}",
        describe(result.outcome),
    ]
    if state.missed:
        facts.append(f"before it, missed {times(state.missed)}, as nobody was there")
    if state.skipped:
        facts.append(f"skipped {times(state.skipped)} while it was under way")
    shown = result.output[:TEXT_BYTES]
    if len(shown) < len(result.output):
        facts.append(f"the first {len(shown)} of {len(result.output)} bytes of its output follow")
    output = shown.decode("utf-8", "replace")
    return "\n".join(facts) + "\n\n" + (output or "(it wrote nothing)\n")


def _time(wall_seconds: float | None) -> str:
    if wall_seconds is None:
        return "at no known time"
    return f"{second_utc(wall_seconds)} UTC"
