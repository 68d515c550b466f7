"""How far files are: a bar for each that is on its way, and one for all of them together."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from doorward.cli.screen import complain, is_terminal, wants_colours
from doorward.core.errors import one_line
from doorward.errands.backups.watching import Nobody, Watcher

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_NAME_CHARACTERS = 40


@contextmanager
def bars(*, is_quiet: bool) -> Iterator[Watcher]:
    """Show bars on stderr, which go away at the end; where nobody sees them, tell of what broke off alone."""
    if is_quiet or not is_terminal(sys.stderr) or os.environ.get("TERM") == "dumb":
        yield Plain(is_quiet=is_quiet)
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
    from rich.progress import TransferSpeedColumn as Speed

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(binary_units=True),
        Speed(),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True, no_color=not wants_colours(sys.stderr, os.environ))
    with Progress(*columns, console=console, transient=True) as progress:
        yield Bars(progress)


class Plain(Nobody):
    """The `Watcher` for a log."""

    def __init__(self, *, is_quiet: bool) -> None:
        self._is_quiet = is_quiet

    def paused(self, file: str, problem: str, seconds: float) -> None:
        """See `Watcher`."""
        if not self._is_quiet:
            complain(f"{file}: {problem}; it is tried again in {seconds:.0f} s")


class Bars:
    """The `Watcher` for a person."""

    def __init__(self, progress: "Progress") -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}
        self._moved: dict[str, int] = {}
        self._moved_bytes = 0
        self._total: TaskID | None = None

    def expect(self, files: int, total_bytes: int) -> None:
        """See `Watcher`."""
        if files > 1:
            self._total = self._progress.add_task(f"all {files}", total=total_bytes)

    def begun(self, file: str, *, size_bytes: int, from_offset: int) -> None:
        """See `Watcher`."""
        if file not in self._tasks:
            self._tasks[file] = self._progress.add_task("", total=size_bytes)
        self._progress.update(self._tasks[file], description=one_line(file)[-_NAME_CHARACTERS:])
        self.moved(file, from_offset)

    def moved(self, file: str, offset: int) -> None:
        """See `Watcher`."""
        self._moved_bytes += offset - self._moved.get(file, 0)
        self._moved[file] = offset
        self._progress.update(self._tasks[file], completed=offset)
        if self._total is not None:
            self._progress.update(self._total, completed=self._moved_bytes)

    def paused(self, file: str, problem: str, seconds: float) -> None:
        """See `Watcher`."""
        text = one_line(f"{file}: {problem}, again in {seconds:.0f} s")
        if file in self._tasks:
            self._progress.update(self._tasks[file], description=text)
        else:
            self._progress.console.print(text, markup=False, highlight=False)

    def ended(self, file: str) -> None:
        """See `Watcher`."""
        task = self._tasks.pop(file, None)
        if task is not None:
            self._progress.remove_task(task)
