"""Errands among the schedules: each is one whose name no command's schedule can have."""

from collections.abc import Iterable

from doorward.core.errands import Errand, errand_name
from doorward.core.schedules import Schedule


def errand_schedules(errands: Iterable[Errand]) -> list[Schedule]:
    """The schedules of `errands`. They send no mail: the errand itself tells what is to be told."""
    return [
        Schedule(
            name=errand_name(errand),
            command=errand.kind,
            line=f"{errand.kind} {errand.about}",
            timing=errand.timing,
            to=errand.to,
        )
        for errand in errands
    ]


def is_errands(schedule: Schedule) -> bool:
    """Whether `schedule` is that of an errand, and not of a command."""
    return "." in schedule.name
