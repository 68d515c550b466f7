"""`doorward models compare`."""

import json
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from doorward.cli import screen
from doorward.cli.examples import WithExamples
from doorward.cli.models import found_model
from doorward.cli.options import Seconds

if TYPE_CHECKING:
    from rich.console import Console

    from doorward.models._comparison import Row
    from doorward.models._native import Native

_BAR_CHARACTERS = 40
_STDOUT = Path("-")


@click.command(
    "compare",
    cls=WithExamples,
    examples=(
        "doorward models compare",
        "doorward models compare --only select --only epoll --seconds 0.5",
        "doorward models compare --json figures.json --svg plots",
        "doorward models compare --only epoll --json - | jq '.models[0].once'",
    ),
)
@click.option("--only", "names", multiple=True, metavar="NAME", help="This model; can be given again.")
@click.option(
    "--json",
    "json_file",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    metavar="FILE",
    help="Write figures as JSON; to stdout instead of the table for -.",
)
@click.option(
    "--svg",
    "svg_folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Draw charts.",
)
@click.option("--seconds", type=Seconds(), default=1.0, show_default=True, help="Of each load.")
@click.option(
    "--load",
    "load_kind",
    type=click.Choice(["c", "python"]),
    help="Who asks; otherwise the one in C where a compiler is there.",
)
def command(
    *,
    names: tuple[str, ...],
    json_file: Path | None,
    svg_folder: Path | None,
    seconds: float,
    load_kind: str | None,
) -> None:
    """
    Measure the models on this machine: with many peers, slow ones and idle ones.

    Each server runs on the first core and the load on the last. Figures of two machines, or of a busy one,
    cannot be compared.
    """
    from doorward.models import NAMES
    from doorward.models._native import Native, native_programs

    _check_folder(json_file)
    models = [found_model(name).MODEL for name in names or NAMES]
    native = native_programs(os.environ)
    if load_kind == "c" and native.load is None:
        raise click.BadParameter(native.missing, param_hint="--load")
    if native.missing:
        screen.complain(f"without the limit in C: {native.missing}")
    load = Native() if load_kind == "python" else native
    before = machine()
    with _ended_by_term():
        rows = _measured(models, native, load, seconds=seconds)
    told = {"machine": before, "seconds": seconds, "models": [row.members() for row in rows]}
    if json_file == _STDOUT:
        click.echo(json.dumps(told))
    else:
        _show(rows, before)
    if json_file is not None and json_file != _STDOUT:
        json_file.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    if svg_folder is not None:
        _draw(rows, svg_folder)


def _check_folder(file: Path | None) -> None:
    """Find out before minutes of measuring, and not after them, that there is no folder for the figures."""
    if file is not None and not file.parent.is_dir():
        raise click.BadParameter(f"there is no folder {str(file.parent)!r}", param_hint="--json")


def machine() -> str:
    """The machine in one line, and how busy it is: figures without that mean nothing."""
    import platform
    import re

    found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    cores = len(os.sched_getaffinity(0))
    return (
        f"{cores} cores of {found[1].strip() if found else platform.machine()}, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}, "
        f"load {os.getloadavg()[0]:.1f}"
    )


def _measured(models: Sequence[Any], native: "Native", load: "Native", *, seconds: float) -> "list[Row]":
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from doorward.models._comparison import compare, steps
    from doorward.models._measuring import load_of

    console = Console(file=sys.stderr, no_color=not screen.wants_colours(sys.stderr, os.environ))
    columns = (TextColumn("{task.description:<36}"), BarColumn(), TimeElapsedColumn())
    # it draws when it is told, and in no thread of its own
    with Progress(
        *columns, console=console, transient=True, auto_refresh=False, disable=not console.is_terminal
    ) as progress:
        task = progress.add_task("", total=steps(len(models), native))

        def tell(what: str) -> None:
            progress.update(task, advance=1, description=what)
            progress.refresh()

        return list(compare(models, native, load_of(load), seconds=seconds, tell=tell))


def _show(rows: "Sequence[Row]", title: str) -> None:
    from rich.console import Console
    from rich.table import Table

    from doorward.models._charts import beside, charts, memory, per_second, processor, slowest

    console = Console(no_color=not screen.wants_colours(sys.stdout, os.environ), highlight=False)
    if not console.is_terminal:
        console.width = 150
    table = Table(title=title, title_justify="left")
    heads = (
        "model",
        "1/s at 1",
        "at 64",
        "at 1,000",
        "p50",
        "p99",
        "CPU",
        "kept 64",
        "KiB idle",
        "10,000",
        "silent",
        "slow",
    )
    for head in heads:
        table.add_column(head, justify="left" if head == "model" else "right", overflow="fold")
    reasons: dict[str, int] = {}

    def cell(figure: tuple[float | None, str]) -> str:
        value, text = figure
        return text if value is not None else f"({reasons.setdefault(text, len(reasons) + 1)})"

    for row in rows:
        once = row.once[64]
        median = (None, once) if isinstance(once, str) else (once.p50_ms, f"{once.p50_ms:.1f} ms")
        figures = [per_second(row.once[level]) for level in (1, 64, 1_000)]
        figures += [median, slowest(once), processor(once), per_second(row.kept)]
        figures += [memory(row.idle[level]) for level in (1_000, 10_000)]
        figures += [beside(row.beside_silent), beside(row.beside_slow)]
        table.add_row(row.name, *map(cell, figures))
    console.print(table)
    for reason, number in reasons.items():
        console.print(f"({number}) {reason}", markup=False)
    _show_bars(console, rows, charts()[0])


def _show_bars(console: "Console", rows: "Sequence[Row]", chart: Any) -> None:
    bars = chart.bars(rows)
    most = max((bar.value for bar in bars if bar.value is not None), default=0.0) or 1.0
    console.print(f"\n{chart.title}: {chart.subtitle}", markup=False)
    for bar in bars:
        length = 0 if bar.value is None else max(round(bar.value / most * _BAR_CHARACTERS), 1)
        console.print(f"{bar.label:>10} {'█' * length} {bar.text}", markup=False)


def _draw(rows: "Sequence[Row]", folder: Path) -> None:
    from doorward.models._charts import charts

    folder.mkdir(parents=True, exist_ok=True)
    for chart in charts():
        (folder / f"{chart.name}.svg").write_text(chart.svg(rows), encoding="utf-8")


@contextmanager
def _ended_by_term() -> Iterator[None]:
    """Have TERM tidy up as Ctrl-C does: servers and loads are ended on the way out."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
