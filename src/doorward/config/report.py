"""All that is wrong with a file, gathered while it is read."""

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from doorward.core.errors import ConfigurationError
from doorward.core.invocation import did_you_mean
from doorward.core.parameter import shown

Key = tuple[str | int, ...]
"""Where something stands: names of tables and keys, and numbers of elements counted from 0."""

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MOST_BITS_SHOWN = 64


class Report:
    """The problems and notices of one file, in the order in which they were found."""

    __slots__ = ("_line_of", "file", "notices", "problems")

    def __init__(self, file: str, line_of: Callable[[Key], int]) -> None:
        self.file = file
        self._line_of = line_of
        self.problems: list[ConfigurationError] = []
        self.notices: list[str] = []

    def add(self, key: Key, problem: str, *, expected: str = "", found: str = "") -> None:
        """Note that `problem` is wrong at `key`."""
        self.adopt(key, ConfigurationError(problem, expected=expected, found=found))

    def adopt(self, key: Key, error: ConfigurationError) -> None:
        """Note an error that somebody else raised about what stands at `key`."""
        self.problems.append(replace(error, key=dotted(key), file=self.file, line=self._line_of(key)))

    def unknown(self, key: Key, known: Iterable[str], *, what: str = "key", found: str | None = None) -> None:
        """Note that no `what` is called `found`, or else as `key` ends; the nearest of `known` is named."""
        names = list(known)
        hint = did_you_mean(str(key[-1]) if found is None else found, names)
        self.add(
            key,
            f"there is no such {what}{hint}",
            expected="" if hint else one_of(names),
            found="" if found is None else found_in(found),
        )

    def beside(self, path: str) -> str:
        """`path` as seen from the folder of the file, absolute; links and dots stay as they are."""
        return os.path.join(os.path.abspath(os.path.dirname(self.file)), path)

    def note(self, key: Key, text: str) -> None:
        """Note something that is no error."""
        self.notices.append(f"{dotted(key)}: {text}")


def one_of(names: Iterable[str]) -> str:
    """`a`, or `one of a, b`, or nothing."""
    listed = list(names)
    return f"one of {', '.join(listed)}" if len(listed) > 1 else "".join(listed)


def dotted(key: Key) -> str:
    """`key` as TOML writes it, with `[2]` for the third element; safe to print."""
    parts: list[str] = []
    for part in key:
        if isinstance(part, int):
            parts.append(f"[{part}]")
        else:
            dot = "." if parts else ""
            parts.append(dot + (part if _BARE_KEY.fullmatch(part) else shown(part)))
    return "".join(parts)


def key_of(text: str) -> Key:
    """The key that an error of the core names."""
    return tuple(text.split("."))


def found_in(value: object) -> str:
    """A value out of the file as it may stand in an error: short, and printable."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return shown(value)
        case int():
            bits = value.bit_length()
            return str(value) if bits <= _MOST_BITS_SHOWN else f"an integer of {bits} bits"
        case float():
            return repr(value)
        case list():
            return f"an array of {len(value)}" if value else "an empty array"
        case dict():
            return "a table"
        case _:
            return f"the {type(value).__name__} {value}"
