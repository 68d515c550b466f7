"""Vulnerabilities as a table that fits the terminal."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from doorward.core.errors import one_line
from doorward.core.vulnerabilities import Severity, Vulnerability
from doorward.errands.cve.listing import Listed
from doorward.errands.cve.texts import COLUMNS, WITHOUT_SCORE, cells, ending, notes, shown_columns

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
    Print a list with something in it: those that have a score, then the others, then how many there are.

    Args:
        listed: what was found.
        has_colours: whether a severity is coloured; its word stands there anyway.
    """
    console = Console(no_color=not has_colours, highlight=False)
    shown = shown_columns([cells(each) for each in listed.found])
    scored = [each for each in listed.found if each.score is not None]
    unscored = [each for each in listed.found if each.score is None]
    if scored:
        console.print(_table(scored, shown))
    if unscored:
        console.print(Text(f"{chr(10) if scored else ''}{WITHOUT_SCORE}"))
        console.print(_table(unscored, [index for index in shown if COLUMNS[index] != "SCORE"]))
    console.print()
    for note in notes(listed):
        console.print(Text(note, "yellow"))
    console.print(Text(ending(listed)))


def _table(vulnerabilities: Sequence[Vulnerability], shown: Sequence[int]) -> Table:
    table = Table(box=None, pad_edge=False)
    for index in shown:
        column = COLUMNS[index]
        table.add_column(
            column, no_wrap=column not in _FOLDED, overflow="fold", ratio=1 if column == "TITLE" else None
        )
    for each in vulnerabilities:
        row = cells(each)
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
