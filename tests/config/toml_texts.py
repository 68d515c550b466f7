"""TOML texts out of chance, with the line of everything that stands in them."""

import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

Key = tuple[str | int, ...]

_NAMES = st.sampled_from(
    ["a", "b", "run", "x-y", "7", "", "with space", "dot.ted", 'quo"te', "new\nline", "é", "#"]
)
_BARE = frozenset({"a", "b", "run", "x-y", "7"})
_SCALARS = st.sampled_from(
    [
        "1",
        "-0.5",
        "1e3",
        "true",
        "inf",
        "0xff",
        '"text"',
        '""',
        "''",
        '"a # b ] } = , \\" \\\\"',
        "'single \" ] #'",
        "1979-05-27 07:32:00",
        "1979-05-27",
        "07:32:00.5",
        '"""\nmany\n[lines]\n"""',
        "'''\nkey = 1\n\n'''",
        '""""quoted"""""',
        "''''one' two'''",
        '"""\\\n   joined # not a comment"""',
        '"""\\""" still """',
    ]
)


@dataclass
class Written:
    """A text that grows, and the line at which each key in it stands."""

    text: str = ""
    lines: dict[Key, int] = field(default_factory=dict)

    def mark(self, key: Key) -> None:
        self.lines[key] = self.text.count("\n") + 1


def paths_of(value: Any, key: Key = ()) -> Iterator[Key]:
    """Yield the key of everything in `value`, itself left out at the top."""
    if key:
        yield key
    if isinstance(value, dict):
        for name, item in value.items():
            yield from paths_of(item, (*key, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from paths_of(item, (*key, index))


@st.composite
def toml_texts(draw: st.DrawFn) -> Written:
    """A valid text of a few tables, arrays of tables and pairs."""
    written = Written()
    _pairs(draw, written, ())
    counts: dict[str, int] = {}
    for name in draw(st.lists(st.sampled_from(["t", "u", "é", "a.b"]), max_size=5)):
        key = (f"table {name}", counts.get(name, 0))
        counts[name] = counts.get(name, 0) + 1
        is_array = draw(st.booleans()) if counts[name] == 1 else f"table {name}" in written.text
        _header(draw, written, name, key, is_array=is_array)
    return written


def _header(draw: st.DrawFn, written: Written, name: str, key: Key, *, is_array: bool) -> None:
    quoted = json.dumps(key[0], ensure_ascii=False)
    if not is_array or (key[1] and (key[0], 0) not in written.lines):
        # a plain table of this name stands once; another one gets a name of its own
        key = (f"{key[0]} {key[1]}",)
        quoted = json.dumps(key[0], ensure_ascii=False)
    written.text += draw(st.sampled_from(["", "\n", "# a comment [not.a.table]\n", "\t "]))
    written.mark(key)
    left, right = ("[[", "]]") if len(key) == 2 else ("[", "]")
    blank = draw(st.sampled_from(["", " ", "\t"]))
    written.text += f"{left}{blank}{quoted}{blank}{right}{draw(st.sampled_from(['', ' # [x]']))}\n"
    _pairs(draw, written, key)
    if draw(st.booleans()):
        written.mark((*key, "below"))
        written.text += f"[{quoted} . below]\n"
        _pairs(draw, written, (*key, "below"))


def _pairs(draw: st.DrawFn, written: Written, table: Key) -> None:
    for name in draw(st.lists(_NAMES, max_size=4, unique=True)):
        written.text += draw(st.sampled_from(["", "\n\n", "  ", "# key = [1\n"]))
        _pair(draw, written, (*table, name))
        written.text += draw(st.sampled_from(["\n", " # a comment\n", "  \n"]))


def _pair(draw: st.DrawFn, written: Written, key: Key) -> None:
    written.mark(key)
    written.text += _key_text(draw, str(key[-1]))
    if draw(st.integers(0, 3)) == 0:
        key = (*key, "dotted")
        written.mark(key)
        written.text += draw(st.sampled_from([".dotted", " . dotted", '."dotted"']))
    written.text += draw(st.sampled_from(["=", " = ", "\t=  "]))
    _value(draw, written, key, depth=3)


def _key_text(draw: st.DrawFn, name: str) -> str:
    if name in _BARE and draw(st.booleans()):
        return name
    if "\n" not in name and draw(st.booleans()):
        return f"'{name}'"
    return json.dumps(name, ensure_ascii=draw(st.booleans()))


def _value(draw: st.DrawFn, written: Written, key: Key, *, depth: int) -> None:
    kind = draw(st.sampled_from(["scalar", "array", "inline"])) if depth else "scalar"
    if kind == "scalar":
        written.text += draw(_SCALARS)
    elif kind == "array":
        _array(draw, written, key, depth)
    else:
        _inline_table(draw, written, key, depth)


def _array(draw: st.DrawFn, written: Written, key: Key, depth: int) -> None:
    gaps = st.sampled_from(["", " ", "\n", " # a ] comment,\n\t"])
    written.text += "[" + draw(gaps)
    for index in range(size := draw(st.integers(0, 3))):
        written.mark((*key, index))
        _value(draw, written, (*key, index), depth=depth - 1)
        written.text += draw(gaps) + ("," if index + 1 < size or draw(st.booleans()) else "") + draw(gaps)
    written.text += "]"


def _inline_table(draw: st.DrawFn, written: Written, key: Key, depth: int) -> None:
    written.text += "{ "
    names = draw(st.lists(_NAMES, max_size=3, unique=True))
    for index, name in enumerate(names):
        written.mark((*key, name))
        written.text += _key_text(draw, name) + " = "
        _value(draw, written, (*key, name), depth=depth - 1)
        written.text += " , " if index + 1 < len(names) else " "
    written.text += "}"


def is_valid(text: str) -> bool:
    """Whether the standard library reads it."""
    try:
        tomllib.loads(text)
    except ValueError:
        return False
    return True
