"""Readers of the built-in commands' outputs."""

import re

from doorward.core.tables import Column, Series, Table

_DF_ROWS = 1000
_SIZE = re.compile(r"([0-9]+(?:[.,][0-9]+)?)([KMGTPEZY]?)")
_UNITS = {unit: 1024**power for power, unit in enumerate(["", *"KMGTPEZY"])}

DF_COLUMNS = (
    Column("file system"),
    Column("size", "bytes"),
    Column("used", "bytes"),
    Column("available", "bytes"),
    Column("used part", "%"),
    Column("mounted on"),
)


def read_df(output: bytes) -> Table | None:
    """
    Read what `df -h` (or `df -P`, in blocks of 1,024 bytes) wrote.

    Returns:
        A row a file system, at most 1,000, sizes in bytes as exact as they were printed; None when no line
        after the first looks like one.
    """
    lines = output.decode("utf-8", "replace").splitlines()[1 : _DF_ROWS + 1]
    rows = tuple(row for line in lines if (row := _df_row(line)) is not None)
    return Table(DF_COLUMNS, rows) if rows else None


def _df_row(line: str) -> tuple[str, int | None, int | None, int | None, int | None, str] | None:
    words = line.split(None, 5)
    if len(words) < 6 or not re.fullmatch(r"[0-9]+%|-", words[4]):
        return None
    percent = None if words[4] == "-" else int(words[4][:-1])
    return (words[0], _size(words[1]), _size(words[2]), _size(words[3]), percent, words[5])


def _size(word: str) -> int | None:
    match = _SIZE.fullmatch(word)
    if match is None:
        return None
    number = float(match[1].replace(",", "."))
    # a bare number is one of df's blocks of 1,024 bytes, but for the 0 that -h prints too
    unit = 1024 if not match[2] else _UNITS[match[2]]
    return int(number * unit)


def read_uptime(output: bytes) -> Series | None:
    """
    Read what `uptime` wrote.

    Returns:
        The load averages over 1, 5 and 15 minutes; None when they do not stand there.
    """
    text = output[:4096].decode("utf-8", "replace")
    match = re.search(
        r"load averages?:\s+([0-9]+[.,][0-9]+),?\s+([0-9]+[.,][0-9]+),?\s+([0-9]+[.,][0-9]+)", text
    )
    if match is None:
        return None
    loads = [float(load.replace(",", ".")) for load in match.groups()]
    return Series("", tuple(zip(("1 min", "5 min", "15 min"), loads, strict=True)))
