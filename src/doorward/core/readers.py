"""Readers of the built-in commands' outputs."""

import re
from typing import NamedTuple

from doorward.core.tables import Column, Series, Table

_DF_ROWS = 1000
# bounded digits: longer numbers are nobody's size, and Python refuses to read them as an integer
_SIZE = re.compile(r"([0-9]{1,15}(?:[.,][0-9]{1,3})?)([KMGTPEZY]?)")
_FIGURE = r"([0-9]{1,15}(?:[.,][0-9]{1,3})?[KMGTPEZY]?|-)[ \t]+"
# a file system's name and a folder may hold blanks: what parts them is three sizes and a part in percent
_FIGURES = re.compile(rf"(?<!\S){_FIGURE}{_FIGURE}{_FIGURE}(?:([0-9]{{1,4}})%|-)[ \t]+(?=\S)")
_UNITS = {unit: 1024**power for power, unit in enumerate(["", *"KMGTPEZY"])}
_BLOCK = re.compile(r"\b(512|1024|1K)-blocks\b")
_BLOCK_BYTES = {"512": 512, "1024": 1024, "1K": 1024}
_LOAD = r"([0-9]{1,9}[.,][0-9]{1,9})"
_LOADS = re.compile(rf"load averages?:[ \t]{{1,8}}{_LOAD},?[ \t]{{1,8}}{_LOAD},?[ \t]{{1,8}}{_LOAD}")

DF_COLUMNS = (
    Column("file system"),
    Column("size", "bytes"),
    Column("used", "bytes"),
    Column("available", "bytes"),
    Column("used part", "%"),
    Column("mounted on"),
)


class _DfRow(NamedTuple):
    file_system: str
    size_bytes: int | None
    used_bytes: int | None
    available_bytes: int | None
    used_percent: int | None
    mounted_on: str


def read_df(output: bytes) -> Table | None:
    """
    Read what `df -h` (or `df -P`, in blocks) wrote.

    Returns:
        A row a file system, at most 1,000, sizes in bytes as exact as they were printed; None when no line
        after the first looks like one.
    """
    header, *lines = output.decode("utf-8", "replace").split("\n", _DF_ROWS + 1)[: _DF_ROWS + 1]
    block = _BLOCK.search(header)
    block_bytes = _BLOCK_BYTES[block[1]] if block else 1
    rows = []
    before = ""
    for line in lines:
        row = _df_row(line, before, block_bytes=block_bytes)
        if row is not None:
            rows.append(row)
        # a long file system has a line for itself, its figures stand on the next: Busybox, old coreutils
        before = line.strip() if row is None else ""
    return Table(DF_COLUMNS, tuple(rows)) if rows else None


def _df_row(line: str, before: str, *, block_bytes: int) -> _DfRow | None:
    figures = _FIGURES.search(line)
    name = before if figures is None else line[: figures.start()].strip() or before
    if figures is None or not name:
        return None
    size, used, available = (_size(figures[group], block_bytes=block_bytes) for group in (1, 2, 3))
    used_percent = None if figures[4] is None else int(figures[4])
    return _DfRow(name, size, used, available, used_percent, line[figures.end() :].strip())


def _size(word: str, *, block_bytes: int) -> int | None:
    match = _SIZE.fullmatch(word)
    if match is None:
        return None
    unit_bytes = _UNITS[match[2]] if match[2] else block_bytes
    return int(float(match[1].replace(",", ".")) * unit_bytes)


def read_uptime(output: bytes) -> Series | None:
    """
    Read what `uptime` wrote.

    Returns:
        The load averages over 1, 5 and 15 minutes; None when they do not stand there.
    """
    match = _LOADS.search(output[:4096].decode("utf-8", "replace"))
    if match is None:
        return None
    loads = [float(load.replace(",", ".")) for load in match.groups()]
    return Series("", tuple(zip(("1 min", "5 min", "15 min"), loads, strict=True)))
