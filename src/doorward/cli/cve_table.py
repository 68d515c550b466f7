"""Vulnerabilities as a table that fits the terminal."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from doorward.core.errors import one_line
from doorward.core.vulnerabilities import Severity, Vulnerability
from doorward.errands.cve.listing import Listed
from doorward.errands.cve.texts import (
    COLUMNS,
    WITHOUT_SCORE,
    ending,
    first_of_group,
    notes,
    rows_of,
    shown_columns,
)

_STYLES = {
    Severity.CRITICAL: "bold red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "cyan",
    Severity.NONE: "",
}
_FOLDED = frozenset({"PACKAGE", "TITLE"})


def print_table(listed: Listed, *, has_colours: bool) -> None:
    """
    Print a list with something in it, in its order, those without a score told apart, and how many there are.

    Args:
        listed: what was found.
        has_colours: whether a severity is coloured; its word stands there anyway.
    """
    console = Console(no_color=not has_colours, highlight=False)
    rows, first = rows_of(listed.found), first_of_group(listed.found)
    shown = shown_columns(rows)
    if first:
        console.print(_table(listed.found[:first], rows[:first], shown))
    if first < len(rows):
        console.print(Text(f"{chr(10) if first else ''}{WITHOUT_SCORE}"))
        without = [index for index in shown if COLUMNS[index] != "SCORE"]
        console.print(_table(listed.found[first:], rows[first:], without))
    console.print()
    for note in notes(listed):
        console.print(Text(note, "yellow"))
    console.print(Text(ending(listed)))


def _table(
    vulnerabilities: Sequence[Vulnerability], rows: Sequence[Sequence[str]], shown: Sequence[int]
) -> Table:
    table = Table(box=None, pad_edge=False)
    for index in shown:
        column = COLUMNS[index]
        table.add_column(
            column, no_wrap=column not in _FOLDED, overflow="fold", ratio=1 if column == "TITLE" else None
        )
    for each, row in zip(vulnerabilities, rows, strict=True):
        # Text: nothing in a title is markup
        table.add_row(*(Text(one_line(row[index]), _style(each, COLUMNS[index])) for index in shown))
    return table


def _style(vulnerability: Vulnerability, column: str) -> str:
    score = vulnerability.score
    match column:
        case "ID":
            return "bold"
        case "SCORE" if score is not None:
            return _STYLES[Severity.of(score.value)]
        case "EXPLOITED":
            return "bold red"
        case _:
            return ""
