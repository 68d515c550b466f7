"""Numbers within bounds, told in the words of their limit."""

from doorward.config.report import Key, Report, found_in
from doorward.core.limits import LimitFacts


def is_within(value: float, facts: LimitFacts, key: Key, report: Report) -> bool:
    """Whether the limit takes `value`; if not, `report` has it. NaN is within nothing."""
    if facts.least <= value <= facts.most:
        return True
    report.add(key, "this is out of range", expected=span(facts), found=found_in(value))
    return False


def span(facts: LimitFacts) -> str:
    """`64 to 1048576 (bytes of one word)`."""
    return f"{plain(facts.least)} to {plain(facts.most)} ({facts.unit})"


def plain(number: float) -> str:
    """The number without an exponent, and without a fraction that says nothing."""
    return str(int(number)) if number == int(number) else str(number)
