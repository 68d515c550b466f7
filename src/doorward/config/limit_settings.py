"""The table `[limits]`."""

from typing import Any

from doorward.config.ranges import is_within, span
from doorward.config.report import Key, Report, found_in
from doorward.core.limits import LimitFacts, Limits, facts

NOT_BUILT = frozenset({"penalties"})
"""Tables that belong below `[limits]` and that this version does nothing with yet."""


def read_limits(table: dict[str, Any], report: Report) -> Limits:
    """All limits, with those in `table` in place of the defaults."""
    known = {name: (type(default), about) for name, default, about in facts()}
    chosen: dict[str, Any] = {}
    for name, value in table.items():
        key: Key = ("limits", name)
        if name in NOT_BUILT:
            report.add(key, f"this version has no {name} yet; take the table out")
        elif name not in known:
            report.unknown(key, known, what="limit")
        elif _fits(value, *known[name], key, report):
            chosen[name] = known[name][0](value)
    return Limits(**chosen)


def _fits(value: Any, kind: type, about: LimitFacts, key: Key, report: Report) -> bool:
    if not (type(value) is int or (type(value) is float and kind is float)):
        what = "an integer" if kind is int else "a number"
        report.add(
            key, "this is of another type", expected=f"{what} from {span(about)}", found=found_in(value)
        )
        return False
    return is_within(value, about, key, report)
