"""When something runs by the clock, as tables of schedules and errands say it."""

from doorward.config.report import Key, Report, found_in
from doorward.core.schedules import Timing, parse_at, parse_every

_EVERY = 'a period from "1s" to "366d", such as "6h" or "1h 30min"'
_AT = 'a time of the local clock, such as "04:30"'


def read_timing(
    every: str | None, at: str | None, key: Key, report: Report, *, is_whole: bool
) -> Timing | None:
    """
    What the keys `every` and `at` of the table at `key` say; None when that is nothing.

    When the table is not whole, what is missing may stand there wrong, and is told already.
    """
    if every is not None and at is not None:
        report.add((*key, "at"), "there is `every` or `at`, not both")
    elif every is not None:
        if (period := parse_every(every)) is not None:
            return period
        report.add((*key, "every"), "this is no period", expected=_EVERY, found=found_in(every))
    elif at is not None:
        if (time := parse_at(at)) is not None:
            return time
        report.add((*key, "at"), "this is no time of a day", expected=_AT, found=found_in(at))
    elif is_whole:
        report.add(key, "when it runs is missing", expected='every = "6h" or at = "04:30"')
    return None
