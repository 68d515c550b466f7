"""Tables and series: what can be read out of a command's output, for doors to draw."""

from collections.abc import Callable
from dataclasses import dataclass

Cell = str | int | float | None


@dataclass(frozen=True, slots=True)
class Column:
    """
    A column of a table.

    Attributes:
        name: its heading.
        unit: `bytes`, `%`, `s`; empty for texts and plain numbers.
    """

    name: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows that each have one cell a column; None is an empty cell."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"a row of {len(row)} cells under {len(self.columns)} columns")


@dataclass(frozen=True, slots=True)
class Series:
    """
    Named figures of one moment, to be drawn over time.

    Attributes:
        unit: of all of them; empty for plain numbers.
        figures: label and value.
    """

    unit: str
    figures: tuple[tuple[str, float], ...]


Reader = Callable[[bytes], Table | Series | None]
"""From a command's stdout to what it says; None when it looks otherwise. Pure, linear in its size."""


def drawing_members(drawing: Table | Series) -> dict[str, object]:
    """`drawing` for JSON: `columns` and `rows`, or `unit` and `figures`."""
    match drawing:
        case Table(columns, rows):
            return {
                "columns": [{"name": column.name, "unit": column.unit} for column in columns],
                "rows": [list(row) for row in rows],
            }
        case Series(unit, figures):
            return {"unit": unit, "figures": dict(figures)}
