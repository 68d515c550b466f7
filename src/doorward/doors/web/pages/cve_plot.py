"""How many vulnerabilities there were, month by month, as bars of a picture; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from doorward.doors.web.pages.cve_texts import CveTexts
from doorward.doors.web.pages.texts import Texts

STEP = 10
HEIGHT = 100
_GAP = 2


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a picture whose months are `STEP` wide, and what it says when it is pointed at."""

    x: int
    y: float
    height: float
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """
    Two rows of bars, each by a scale of its own, and all that they show in words and figures.

    Attributes:
        width: of the picture.
        months: for people, `2026-11`.
        rows: the word for the style sheet, the caption, and the bars.
        words: the whole picture as a sentence.
        figures: month, published, exploited.
    """

    width: int
    months: tuple[str, ...]
    rows: tuple[tuple[str, str, tuple[Bar, ...]], ...]
    words: str
    figures: tuple[tuple[str, str, str], ...]
    height: int = HEIGHT
    bar_width: int = STEP - _GAP


def plot_of(texts: Texts, counts: Sequence[Mapping[str, Any]]) -> Plot | None:
    """The plot of the command's `counts`; None when there is nothing to see."""
    figures = tuple((each["period"][:7], each["published"], each["exploited"]) for each in counts)
    if not any(published or exploited for _, published, exploited in figures):
        return None
    months = tuple(month for month, _, _ in figures)
    published = [count for _, count, _ in figures]
    exploited = [count for _, _, count in figures]
    cve = texts.cve
    return Plot(
        width=STEP * len(months),
        months=months,
        rows=(
            (
                "published",
                cve.published_of.format(most=cve.number(max(published))),
                _bars(cve, months, published),
            ),
            (
                "exploited",
                cve.exploited_of.format(most=cve.number(max(exploited))),
                _bars(cve, months, exploited),
            ),
        ),
        words=cve.plot_text.format(
            first=months[0],
            last=months[-1],
            published=cve.number(sum(published)),
            exploited=cve.number(sum(exploited)),
        ),
        figures=tuple(
            (month, cve.number(published), cve.number(exploited)) for month, published, exploited in figures
        ),
    )


def _bars(cve: CveTexts, months: Sequence[str], counts: Sequence[int]) -> tuple[Bar, ...]:
    most = max(counts)
    bars = []
    for index, (month, count) in enumerate(zip(months, counts, strict=True)):
        # what there is at all is seen
        height = 0.0 if not count else max(round(count / most * HEIGHT, 1), 1.5)
        bars.append(
            Bar(
                x=index * STEP + _GAP // 2,
                y=round(HEIGHT - height, 1),
                height=height,
                words=f"{month}{cve.colon}{cve.number(count)}",
            )
        )
    return tuple(bars)
