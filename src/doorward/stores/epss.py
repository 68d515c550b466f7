"""EPSS of all ids, known or not, in one narrow table; of the known ones the score stands beside them too."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence

from doorward.core.cve_changes import epss_change
from doorward.core.cve_ids import cve_number
from doorward.core.vulnerabilities import Epss
from doorward.stores.vulnerability_writes import Writes

EpssRow = tuple[int, float, float]
"""The number of an id, a score and a percentile."""


def epss_rows(scores: Iterable[tuple[str, Epss]], seen: set[int]) -> Iterator[EpssRow]:
    """
    Rows of what is reckoned for ids of CVE, from 0.0 to 1.0; of two for one id, the first counts.

    Args:
        scores: by id.
        seen: the numbers of all rows are added to it.
    """
    for name, epss in scores:
        number = cve_number(name)
        if number is None or number in seen or not (0 <= epss.score <= 1 and 0 <= epss.percentile <= 1):
            continue
        seen.add(number)
        yield number, epss.score, epss.percentile


def note_epss_rows(connection: sqlite3.Connection, rows: Sequence[EpssRow], *, now: float) -> int:
    """Write those that are not as they were, and give how many changes there were."""
    old = {
        row[0]: row for row in _of(connection, "number, score, percentile", "epss", [row[0] for row in rows])
    }
    other = [row for row in rows if old.get(row[0]) != row]
    if not other:
        return 0
    connection.executemany(
        "INSERT INTO epss (number, score, percentile) VALUES (?, ?, ?) ON CONFLICT (number)"
        " DO UPDATE SET score = excluded.score, percentile = excluded.percentile",
        other,
    )
    moved = {row[0]: row[1] for row in other if row[0] not in old or old[row[0]][1] != row[1]}
    return _note_moved(connection, moved, now=now)


def forget_epss(connection: sqlite3.Connection, numbers: Iterable[int]) -> None:
    """Nobody reckons these any more."""
    rows = [(number,) for number in numbers]
    connection.executemany("DELETE FROM epss WHERE number = ?", rows)
    connection.executemany("UPDATE vulnerabilities SET epss = NULL WHERE number = ?", rows)


def epss_numbers_after(connection: sqlite3.Connection, number: int, *, most: int) -> list[int]:
    """The numbers of ids that have a score, in order."""
    rows = connection.execute(
        "SELECT number FROM epss WHERE number > ? ORDER BY number LIMIT ?", (number, most)
    )
    return [row[0] for row in rows]


def _note_moved(connection: sqlite3.Connection, scores: dict[int, float], *, now: float) -> int:
    """
    Have the known ones have these scores.

    A change is reckoned from the score at the last one, and where there was none, from when it became known:
    so a slow drift adds up.
    """
    writes = Writes()
    silent, told = [], []
    for number, before in _of(connection, "number, told_epss", "vulnerabilities", list(scores)):
        score = scores[number]
        changes = epss_change(before, score)
        writes.note(number, changes, at=now)
        if changes:
            told.append((score, score, now, number))
        else:
            silent.append((score, number))
    connection.executemany("UPDATE vulnerabilities SET epss = ? WHERE number = ?", silent)
    connection.executemany(
        "UPDATE vulnerabilities SET epss = ?, told_epss = ?, changed_at = ? WHERE number = ?", told
    )
    writes.write(connection)
    return writes.changes


def _of(connection: sqlite3.Connection, columns: str, table: str, numbers: Sequence[int]) -> sqlite3.Cursor:
    return connection.execute(
        f"SELECT {columns} FROM {table}"  # noqa: S608 - constants
        # in the order that was asked for, which is that of the changes
        f" JOIN json_each(?) AS asked ON asked.value = number ORDER BY asked.key",
        (json.dumps(numbers),),
    )
