"""
Where each key of a TOML text stands, which the standard library's parser does not tell.

The text has been read by that parser before: it is known to be valid, so that what is told apart here is only
what keys, lines and nesting need. Linear in the text.
"""

import re
import tomllib
from bisect import bisect_right
from collections.abc import Mapping

from doorward.config.report import Key

_TOKEN = re.compile(
    r'''
      (?P<blank>[ \t\n]+|\#[^\n]*)
    | (?P<text>"""(?:[^\\]|\\.)*?"{3,5}|\'{3}.*?\'{3,5}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')
    | (?P<mark>[\[\]{},=])
    | (?P<bare>[^][{},=\s"'#]+)
    ''',
    re.VERBOSE | re.DOTALL,
)
_TIME = re.compile(r" [0-9][^][{},=\s\"'#]*")
_KEY_PART = re.compile(
    r"""[ \t]*(?:(?P<bare>[A-Za-z0-9_-]+)|(?P<text>"(?:[^"\\\n]|\\.)*"|'[^'\n]*'))[ \t]*\.?"""
)


class Locator:
    """The line of every key, element and table of one valid TOML text."""

    __slots__ = ("_lines",)

    def __init__(self, text: str) -> None:
        self._lines = _Scanner(text.replace("\r\n", "\n")).scan()

    @property
    def lines(self) -> Mapping[Key, int]:
        """The line, counted from 1, by key; for a table that is declared by its parts, that of the first."""
        return self._lines

    def line_of(self, key: Key) -> int:
        """The line of `key`, or of what is nearest around it; 0 when that is the file as a whole."""
        for length in range(len(key), 0, -1):
            if (line := self._lines.get(key[:length])) is not None:
                return line
        return 0


class _Scanner:
    """One way through a text; `_position` is always between two tokens."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]
        self._lines: dict[Key, int] = {}
        self._counts: dict[Key, int] = {}

    def scan(self) -> dict[Key, int]:
        table: Key = ()
        while (character := self._next()) is not None:
            if character == "[":
                table = self._read_header()
            else:
                self._read_pair(table)
        return self._lines

    def _next(self) -> str | None:
        """Go to the next thing that is not blank; the character that it begins with."""
        while (token := _TOKEN.match(self._text, self._position)) is not None and token["blank"] is not None:
            self._position = token.end()
        return self._text[self._position] if self._position < len(self._text) else None

    def _read_header(self) -> Key:
        line = self._line()
        is_array = self._text.startswith("[[", self._position)
        self._position += 2 if is_array else 1
        key = self._resolved(self._read_key(), line, is_array=is_array)
        self._lines[key] = line
        self._position = self._text.index("]]" if is_array else "]", self._position) + (2 if is_array else 1)
        return key

    def _resolved(self, names: list[str], line: int, *, is_array: bool) -> Key:
        """The key that a header means: a name of an array of tables stands for its last, or newest, table."""
        key: Key = ()
        for index, name in enumerate(names):
            key = (*key, name)
            self._lines.setdefault(key, line)
            if is_array and index + 1 == len(names):
                self._counts[key] = self._counts.get(key, 0) + 1
            if (count := self._counts.get(key)) is not None:
                key = (*key, count - 1)
        return key

    def _read_pair(self, table: Key) -> None:
        line = self._line()
        key = table
        for name in self._read_key():
            key = (*key, name)
            self._lines.setdefault(key, line)
        self._next()
        self._position += 1  # the equals sign
        self._read_value(key)

    def _read_key(self) -> list[str]:
        names = []
        while True:
            part = _KEY_PART.match(self._text, self._position)
            if part is None:
                raise AssertionError("the text is valid TOML")
            self._position = part.end()
            names.append(part["bare"] or _unquoted(part["text"]))
            if not part.group().endswith("."):
                return names

    def _read_value(self, key: Key) -> None:
        match self._next():
            case "[":
                self._read_array(key)
            case "{":
                self._read_inline_table(key)
            case _:
                self._skip()

    def _read_array(self, key: Key) -> None:
        self._skip()
        index = 0
        while (character := self._next()) != "]":
            if character == ",":
                self._skip()
                continue
            self._lines[(*key, index)] = self._line()
            self._read_value((*key, index))
            index += 1
        self._skip()

    def _read_inline_table(self, key: Key) -> None:
        self._skip()
        while (character := self._next()) != "}":
            if character == ",":
                self._skip()
            else:
                self._read_pair(key)
        self._skip()

    def _skip(self) -> None:
        """Go behind one token; a date and, after a blank, its time are two."""
        token = _TOKEN.match(self._text, self._position)
        if token is None:
            raise AssertionError("the text is valid TOML")
        self._position = token.end()
        if token["bare"] is not None:
            time = _TIME.match(self._text, self._position)
            self._position = time.end() if time else self._position

    def _line(self) -> int:
        return bisect_right(self._starts, self._position)


def _unquoted(text: str) -> str:
    if "\\" not in text:
        return text[1:-1]
    return str(tomllib.loads(f"key = {text}")["key"])
