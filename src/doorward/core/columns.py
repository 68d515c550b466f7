"""Rows as lines, their cells below each other."""

from collections.abc import Sequence

from doorward.core.errors import one_line


def aligned(rows: Sequence[Sequence[str]], *, indent: str = "  ") -> str:
    """`rows` as lines, each column but the last as wide as its widest cell; cells are made printable."""
    cells = [[one_line(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*(row[:-1] for row in cells), strict=True)]
    lines = []
    for row in cells:
        padded = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        lines.append((indent + "  ".join([*padded, row[-1]])).rstrip())
    return "".join(f"{line}\n" for line in lines)
