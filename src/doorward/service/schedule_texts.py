"""What the desk says of schedules."""

import json
from collections.abc import Mapping, Sequence

from doorward.core.columns import aligned
from doorward.core.counts import times
from doorward.core.errors import one_line
from doorward.core.outcome import end_words

COLUMNS = ("SCHEDULE", "WHEN", "NEXT (UTC)", "LAST (UTC)", "HOW IT ENDED", "COMMAND")


def schedules_text(schedules: Sequence[Mapping[str, object]]) -> str:
    """A line a schedule, and one below for what was passed over or went wrong."""
    if not schedules:
        return "No schedules.\n"
    head, *lines = aligned([COLUMNS, *map(schedule_row, schedules)], indent="").splitlines()
    told = [head]
    for line, schedule in zip(lines, schedules, strict=True):
        told += [line, *(f"    {note}" for note in schedule_notes(schedule))]
    return "".join(f"{line}\n" for line in told)


def schedules_json(schedules: Sequence[Mapping[str, object]]) -> str:
    """The schedules for programs."""
    return json.dumps([*schedules], ensure_ascii=False, separators=(",", ":")) + "\n"


def schedule_row(schedule: Mapping[str, object]) -> tuple[str, str, str, str, str, str]:
    """The cells of one schedule, each on one line."""
    last = schedule["last"]
    began_at, ended = "never", ""
    if isinstance(last, Mapping):
        began_at = time_text(last["began_at"])
        if schedule["state"] == "running":
            ended = "running"
        elif isinstance(outcome := last["outcome"], Mapping):
            ended = end_words(outcome)
    return (
        one_line(str(schedule["schedule"])),
        one_line(str(schedule["timing"])),
        time_text(schedule["next_at"]),
        began_at,
        ended,
        one_line(str(schedule["words"])),
    )


def schedule_notes(schedule: Mapping[str, object]) -> list[str]:
    """What deserves a second look, a line each."""
    notes = []
    if schedule["missed"]:
        notes.append(f"missed {_times(schedule['missed'])}, as nobody was there")
    if schedule["skipped"]:
        notes.append(f"skipped {_times(schedule['skipped'])}, as the run was still under way")
    if schedule["trouble"]:
        notes.append(one_line(str(schedule["trouble"])))
    return notes


def time_text(at: object) -> str:
    """`2026-11-27 04:30:00`, out of ISO 8601."""
    return one_line(str(at))[:19].replace("T", " ")


def _times(number: object) -> str:
    return times(number) if isinstance(number, int) else ""
