"""Bars as SVG: a file a chart, readable on light and on dark paper, and without a script."""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

_WIDTH, _LABEL, _BAR, _ROW, _HEAD = 760, 96, 430, 26, 58


@dataclass(frozen=True, slots=True)
class Bar:
    """
    One line of a chart.

    Attributes:
        label: what it is of.
        value: its length, at least 0; None where there is no figure.
        text: the figure for people, or why there is none.
        is_limit: it marks a bound, and is drawn so.
    """

    label: str
    value: float | None
    text: str
    is_limit: bool = False


def draw(title: str, subtitle: str, bars: Sequence[Bar]) -> str:
    """One chart: horizontal bars from a common zero, each with its figure."""
    most = max((bar.value for bar in bars if bar.value is not None), default=0.0) or 1.0
    height = _HEAD + _ROW * len(bars) + 10
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}"',
        f'width="{_WIDTH}" height="{height}" role="img" aria-label="{escape(title, _QUOTES)}">',
        _STYLE,
        f'<rect class="paper" width="{_WIDTH}" height="{height}" rx="6"/>',
        f'<text class="title" x="14" y="25">{escape(title)}</text>',
        f'<text class="note" x="14" y="43">{escape(subtitle)}</text>',
    ]
    for number, bar in enumerate(bars):
        lines += _row(bar, _HEAD + number * _ROW, most)
    return "\n".join([*lines, "</svg>"]) + "\n"


def _row(bar: Bar, top: int, most: float) -> list[str]:
    base = top + 15
    lines = [f'<text class="label" x="{_LABEL}" y="{base}">{escape(bar.label)}</text>']
    if bar.value is None:
        return [*lines, f'<text class="note" x="{_LABEL + 12}" y="{base}">{escape(bar.text)}</text>']
    width = max(bar.value / most * _BAR, 1.0)
    kind = "limit" if bar.is_limit else "bar"
    return [
        *lines,
        f'<rect class="{kind}" x="{_LABEL + 10}" y="{top + 2}" width="{width:.1f}" height="{_ROW - 8}"/>',
        f'<text class="figure" x="{_LABEL + 16 + width:.1f}" y="{base}">{escape(bar.text)}</text>',
    ]


_QUOTES = {'"': "&quot;"}

_STYLE = """<style>
  text { font: 13px system-ui, sans-serif; fill: #1f2933 }
  .paper { fill: #ffffff } .title { font-weight: 600; font-size: 15px } .label { text-anchor: end }
  .note { fill: #5b6773; font-size: 12px } .figure { font-size: 12px }
  .bar { fill: #2f6f8f } .limit { fill: none; stroke: #8a5a00; stroke-width: 1.5; stroke-dasharray: 4 3 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .paper { fill: #161b22 } .note { fill: #a9b4c0 }
    .bar { fill: #6fb3d2 } .limit { stroke: #e3b341 }
  }
</style>"""
