"""What came of a run: file by file, for a table, for JSON and for mail."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape

from doorward.core.backups import Backup, by_name
from doorward.core.columns import aligned
from doorward.core.errors import DoorwardError, one_line
from doorward.errands.backups.planning import Planned, Step

NAMES_TOLD = 20
"""Of names that are passed over: the other end could have a mail made of a hundred thousand."""

MAILED_FILES = 500
"""Of a run, so many have a line in a mail."""

NO_NAME_OF_A_FILE = "is a name there that no file can have"

_NAME_CHARACTERS = 80


class Did(enum.Enum):
    """What became of one file; the values are for people and for JSON."""

    SENT = "sent"
    KEPT = "kept"
    REMOVED = "removed"
    SKIPPED = "skipped"
    FAILED = "failed"
    RESTORED = "restored"
    SAME = "same"
    """It is there as it is here."""
    WHOLE = "whole"
    """All of it can be had; nothing is here to compare it with."""


_MATTERS = (Did.FAILED, Did.REMOVED, Did.SENT, Did.SKIPPED)
"""What is listed before anything else, where not all can be."""


@dataclass(frozen=True, slots=True)
class Entry:
    """
    One file.

    Attributes:
        did: what became of it.
        file: its name.
        size_bytes: its length.
        reason: why; empty where nothing is to be said.
    """

    did: Did
    file: str
    size_bytes: int
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """
    A run.

    Attributes:
        folder: where the backups are made.
        address: where they are kept, without a name and a password.
        entries: a file each, by names, the newest first.
        unlisted: others, which are counted and not listed.
        problem: why it did not come to its end; empty when it did.
        error: the error that says so, where there was one.
        begun_anew: names whose numbers seem to have begun anew, which somebody has to say.
        notes: what somebody should know besides.
        moved_bytes: how many went over the network; what was there from another run is not among them.
        seconds: how long it took.
    """

    folder: str
    address: str
    entries: tuple[Entry, ...] = ()
    unlisted: tuple[Entry, ...] = ()
    problem: str = ""
    error: DoorwardError | None = None
    begun_anew: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    moved_bytes: int = 0
    seconds: float = 0.0

    @property
    def is_success(self) -> bool:
        """Whether all went as it should."""
        return not self.problem and not self.count(Did.FAILED)

    def count(self, did: Did) -> int:
        """How many files that became of."""
        return sum(entry.did is did for entry in (*self.entries, *self.unlisted))


def names_told(names: Sequence[str], about: str) -> list[str]:
    """A line for each of the first `NAMES_TOLD` names, with `about` behind it, and one for how many more."""
    lines = [f"{name[:_NAME_CHARACTERS]!r} {about}" for name in names[:NAMES_TOLD]]
    left = len(names) - NAMES_TOLD
    return [*lines, f"and {left} more such names"] if left > 0 else lines


def summary(report: Report) -> str:
    """One line: `1 sent, 5 kept, 1 removed`, and the first that went wrong."""
    line = _counted(report)
    if report.problem:
        return line
    failed = [entry for entry in report.entries if entry.did is Did.FAILED]
    if failed:
        return f"{line}; {failed[0].file}: {failed[0].reason}"
    return line


def _counted(report: Report) -> str:
    """As `summary`, without the file that failed, for where its line is beside it."""
    counts = [f"{number} {did.value}" for did in Did if (number := report.count(did))]
    line = ", ".join(counts) or "nothing was done"
    return f"{line}: {report.problem}" if report.problem else line


def shown_bytes(size_bytes: int) -> str:
    """`712 B`, `4.2 MiB`."""
    size, unit = float(size_bytes), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if size < 1024:
            break
        size, unit = size / 1024, larger
    return f"{size:.0f} {unit}" if unit == "B" or size >= 100 else f"{size:.1f} {unit}"


def shortened(report: Report) -> Report:
    """
    `report` with those `MAILED_FILES` files that matter most, and the others counted.

    A folder may have a hundred thousand, and no mail.
    """
    left = len(report.entries) - MAILED_FILES
    if left <= 0:
        return report
    ranks = {did: rank for rank, did in enumerate(_MATTERS)}
    order = sorted(range(len(report.entries)), key=lambda at: ranks.get(report.entries[at].did, len(ranks)))
    listed, others = (
        tuple(report.entries[at] for at in sorted(places))
        for places in (order[:MAILED_FILES], order[MAILED_FILES:])
    )
    note = f"{left} more files are not listed here; of those that failed, as many as fit are"
    return replace(report, entries=listed, unlisted=others, notes=(*report.notes, note))


def report_text(report: Report) -> str:
    """All of it as lines; the same for two runs to which the same happened, however long they took."""
    head, rows = heading(report.folder, report.address), rows_of(report.entries)
    return _text_of(head, rows, (*report.notes, _counted(report)))


def plan_text(planned: Planned, *, folder: str, address: str) -> str:
    """What would be done, as lines."""
    return _text_of(heading(folder, address), plan_rows(planned.steps), planned.notes)


def _text_of(head: str, rows: Sequence[Sequence[str]], said: Sequence[str]) -> str:
    sentences = "".join(f"{_sentence(each)}\n" for each in said)
    return f"{head}\n{aligned(rows, indent='')}{sentences}"


def listing_text(backups: Sequence[Backup]) -> str:
    """What is there, as lines: by names, the newest first."""
    return aligned(listing_rows(backups), indent="") or "No backups.\n"


def _sentence(text: str) -> str:
    return one_line(text if text.endswith((".", "?")) else f"{text}.")


def report_html(report: Report) -> str:
    """The same as `report_text` as a piece of HTML, without what goes around it."""
    cells = ("".join(f"<td>{escape(cell)}</td>" for cell in row) for row in rows_of(report.entries))
    table = "".join(f"<tr>{row}</tr>\n" for row in cells)
    notes = "".join(f"<p>{escape(_sentence(note))}</p>\n" for note in report.notes)
    return (
        f"<p>{escape(heading(report.folder, report.address))}</p>\n<table>\n{table}</table>\n{notes}"
        f"<p>{escape(_sentence(_counted(report)))}</p>\n"
    )


def heading(folder: str, address: str) -> str:
    """From where to where."""
    return one_line(f"{folder} to {address}")


def plan_rows(steps: Sequence[Step]) -> list[tuple[str, str, str, str]]:
    """What is done with it, its name, its length and why: the cells of a table, safe to show."""
    return [_row(step.deed.value, step.backup.file, step.backup.size_bytes, step.reason) for step in steps]


def listing_rows(backups: Sequence[Backup]) -> list[tuple[str, str]]:
    """Name and length of each, by names, the newest first."""
    ordered = [backup for of_name in by_name(backups).values() for backup in of_name]
    return [(one_line(backup.file), shown_bytes(backup.size_bytes)) for backup in ordered]


def rows_of(entries: Sequence[Entry]) -> list[tuple[str, str, str, str]]:
    """What became of it, its name, its length and why: the cells of a table, safe to show."""
    return [_row(entry.did.value, entry.file, entry.size_bytes, entry.reason) for entry in entries]


def _row(did: str, file: str, size_bytes: int, reason: str) -> tuple[str, str, str, str]:
    return did, one_line(file), shown_bytes(size_bytes), one_line(reason)


def members_of(report: Report) -> dict[str, object]:
    """The report for JSON."""
    return {
        "folder": report.folder,
        "destination": report.address,
        "is_success": report.is_success,
        "problem": report.problem or None,
        "notes": [*report.notes],
        "moved_bytes": report.moved_bytes,
        "seconds": round(report.seconds, 3),
        "files": [
            {
                "file": entry.file,
                "did": entry.did.value,
                "size_bytes": entry.size_bytes,
                "reason": entry.reason or None,
            }
            for entry in report.entries
        ],
    }


def plan_members(planned: Planned, *, folder: str, address: str) -> dict[str, object]:
    """What would be done, for JSON."""
    return {
        "folder": folder,
        "destination": address,
        "is_good": planned.is_good,
        "notes": [*planned.notes],
        "files": [
            {
                "file": step.backup.file,
                "deed": step.deed.value,
                "size_bytes": step.backup.size_bytes,
                "reason": step.reason,
            }
            for step in planned.steps
        ],
    }


def listing_members(backups: Sequence[Backup]) -> list[dict[str, object]]:
    """What is there, for JSON: by names, the newest first."""
    return [
        {
            "file": backup.file,
            "name": backup.name,
            "number": backup.number,
            "size_bytes": backup.size_bytes,
        }
        for of_name in by_name(backups).values()
        for backup in of_name
    ]
