"""One table of the file against its shape, key by key, so that all that is wrong with it is told at once."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import msgspec

from doorward.config.report import Key, Report, dotted, found_in
from doorward.config.shapes import HIDDEN
from doorward.core.command import NAME, NAME_EXPECTED

ShapeT = TypeVar("ShapeT", bound=msgspec.Struct)

_ELEMENT = re.compile(r"`\$\[(\d+)\]")


def read_table(table: Mapping[str, object], shape: type[ShapeT], key: Key, report: Report) -> ShapeT:
    """Make `table` into `shape`, with defaults for what is left out or wrong; `report` has what is wrong."""
    # `from` is no name of Python: there a field is called otherwise than its key
    declared = {field.encode_name: field for field in msgspec.structs.fields(shape)}
    taken: dict[str, Any] = {}
    for name, item in table.items():
        if name not in declared:
            report.unknown((*key, name), declared)
        elif _is_taken(item, declared[name].type, (*key, name), report):
            taken[declared[name].name] = msgspec.convert(item, declared[name].type)
    return shape(**taken)


def read_each(
    tables: Mapping[str, object], key: Key, report: Report, *, shows: bool = True
) -> Iterator[tuple[str, Key, Any]]:
    """Yield name, key and content of each table below `key`; what is no table is reported, shown or not."""
    for name, value in tables.items():
        here = (*key, name)
        if isinstance(value, dict):
            yield name, here, value
        else:
            expected = f"[{dotted(key)}.NAME]"
            found = found_in(value) if shows else ""
            report.add(here, "this must be a table", expected=expected, found=found)


def read_named(
    tables: Mapping[str, object], shape: type[ShapeT], key: Key, report: Report, *, what: str
) -> Iterator[tuple[str, Key, ShapeT, bool]]:
    """
    Yield each table below `key` whose name is one: name, key, content, and whether all of it could be read.

    Where it could not, what is missing may stand there wrong, and is told already.
    """
    for name, here, table in read_each(tables, key, report):
        if not NAME.fullmatch(name):
            report.add(here, f"a {what} cannot be called this", expected=NAME_EXPECTED)
            continue
        problems = len(report.problems)
        content = read_table(table, shape, here, report)
        yield name, here, content, len(report.problems) == problems


def _is_taken(item: object, kind: Any, key: Key, report: Report) -> bool:
    try:
        msgspec.convert(item, kind)
    except (msgspec.ValidationError, OverflowError, ValueError) as error:
        (meta,) = kind.__metadata__
        expected = meta.description
        element = _ELEMENT.search(str(error))
        if element is not None and isinstance(item, list):
            key, item, expected = (*key, int(element[1])), item[int(element[1])], "a text"
        found = "" if meta.extra == HIDDEN else found_in(item)
        report.add(key, "this is of another type", expected=expected, found=found)
        return False
    return True
