"""What a page draws beside an output: bars for a table with parts in percent, a chart for a series."""

from collections.abc import Sequence
from dataclasses import dataclass

from doorward.core.tables import Cell, Column, Series, Table
from doorward.doors.web.pages.texts import Texts
from doorward.doors.web.pages.wording import size

NEARLY_FULL_PERCENT = 90
_DRAWN_ROWS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnCell:
    """
    A cell.

    Attributes:
        text: what stands in it.
        percent: how long its bar is, 0 to 100; None for no bar.
        is_high: the bar is to be noticed.
        is_number: stands to the right.
    """

    text: str
    percent: float | None = None
    is_high: bool = False
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class DrawnTable:
    """Headings, each with whether its cells are numbers, and rows of cells; at most 200 rows."""

    headings: tuple[tuple[str, bool], ...]
    rows: tuple[tuple[DrawnCell, ...], ...]
    kind: str = "table"


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of a series: its label, its value for people, and for the script that draws it over time."""

    label: str
    text: str
    value: float


@dataclass(frozen=True, slots=True)
class DrawnSeries:
    """Figures of one moment."""

    figures: tuple[Figure, ...]
    kind: str = "series"


def draw(texts: Texts, drawing: Table | Series | None) -> DrawnTable | DrawnSeries | None:
    """`drawing` for a page; None for one with nothing to look at that its text would not show better."""
    match drawing:
        case Table(columns, rows) if any(column.unit == "%" for column in columns):
            headings = tuple((texts.columns.get(each.name, each.name), _is_number(each)) for each in columns)
            return DrawnTable(headings, tuple(_row(texts, columns, row) for row in rows[:_DRAWN_ROWS]))
        case Series(unit, figures) if figures:
            return DrawnSeries(tuple(_figure(texts, unit, label, value) for label, value in figures))
        case _:
            return None


def _row(texts: Texts, columns: Sequence[Column], row: Sequence[Cell]) -> tuple[DrawnCell, ...]:
    return tuple(_cell(texts, column, cell) for column, cell in zip(columns, row, strict=True))


def _cell(texts: Texts, column: Column, cell: Cell) -> DrawnCell:
    if cell is None:
        return DrawnCell(text="-", is_number=_is_number(column))
    if isinstance(cell, str):
        return DrawnCell(text=cell)
    if column.unit == "bytes":
        return DrawnCell(text=size(texts, cell), is_number=True)
    if column.unit != "%":
        return DrawnCell(text=_number(texts, cell, column.unit), is_number=True)
    return DrawnCell(
        text=_number(texts, cell, "%"),
        percent=min(max(float(cell), 0.0), 100.0),
        is_high=cell >= NEARLY_FULL_PERCENT,
        is_number=True,
    )


def _is_number(column: Column) -> bool:
    return bool(column.unit)


def _figure(texts: Texts, unit: str, label: str, value: float) -> Figure:
    text = size(texts, value) if unit == "bytes" else _number(texts, value, unit, digits=2)
    return Figure(label, text, value)


def _number(texts: Texts, value: float, unit: str, *, digits: int | None = None) -> str:
    number = f"{value:g}" if digits is None else f"{value:.{digits}f}"
    return f"{number}{' ' if unit else ''}{unit}".replace(".", texts.decimal)
