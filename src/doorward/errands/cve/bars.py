"""How many vulnerabilities there were, drawn in characters."""

from collections.abc import Sequence

from doorward.core.cve_filters import CveCounts

WIDTH = 88
_LEAST = 5


def counts_text(counts: Sequence[CveCounts], *, width: int = WIDTH, mark: str = "#") -> str:
    """
    A line a month with a bar for how many were published and one for how many became exploited.

    Args:
        counts: by month.
        width: of a line, in characters.
        mark: what bars are made of.
    """
    if not counts:
        return ""
    published = [each.published for each in counts]
    exploited = [each.exploited for each in counts]
    digits = [
        max(len(heading), *(len(str(number)) for number in numbers))
        for heading, numbers in (("PUBLISHED", published), ("EXPLOITED", exploited))
    ]
    room = max((width - len("2026-11") - sum(digits) - 4 * 2) // 2, _LEAST)
    lines = [f"MONTH    {'PUBLISHED':>{digits[0]}}  {'':{room}}  {'EXPLOITED':>{digits[1]}}"]
    for each in counts:
        bars = (
            mark * _length(each.published, max(published), room),
            mark * _length(each.exploited, max(exploited), room),
        )
        lines.append(
            f"{each.period[:7]}  {each.published:>{digits[0]}}  {bars[0]:{room}}"
            f"  {each.exploited:>{digits[1]}}  {bars[1]}".rstrip()
        )
    lines.append(f"{sum(published)} published and {sum(exploited)} exploited, each by a scale of its own")
    return "".join(f"{line}\n" for line in lines)


def _length(number: int, most: int, room: int) -> int:
    """How long a bar is: `room` for `most`, and at least 1 for anything."""
    return 0 if not number else max(round(number / most * room), 1)
