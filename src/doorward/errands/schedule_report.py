"""What is told of schedules to whoever asks: values for JSON."""

from doorward.core.moments import iso_utc
from doorward.core.outcome import outcome_members
from doorward.core.schedules import Schedule, ScheduleState
from doorward.errands.errand_schedules import is_errands


def schedule_members(schedule: Schedule, state: ScheduleState, *, is_running: bool) -> dict[str, object]:
    """
    One schedule.

    Args:
        schedule: as configured.
        state: how far it is.
        is_running: whether a run of it goes on now.
    """
    return {
        "schedule": schedule.name,
        "words": schedule.line,
        "timing": str(schedule.timing),
        "state": "running" if is_running else "waiting",
        "next_at": _time(state.next_at),
        "last": _last(state),
        "missed": state.missed,
        "skipped": state.skipped,
        "catch_up": schedule.catch_up.value,
        "overlap": schedule.overlap.value,
        # an errand mails what came of it, and not how its run ended
        "mail": None if is_errands(schedule) else schedule.mail.value,
        "to": [mailbox.address for mailbox in schedule.to],
        "trouble": state.trouble,
    }


def _last(state: ScheduleState) -> dict[str, object] | None:
    if state.began_at is None:
        return None
    return {
        "due_at": _time(state.due_at),
        "began_at": _time(state.began_at),
        "ended_at": _time(state.ended_at),
        "outcome": None if state.is_under_way or state.outcome is None else outcome_members(state.outcome),
    }


def _time(wall_seconds: float | None) -> str | None:
    return None if wall_seconds is None else iso_utc(wall_seconds)
