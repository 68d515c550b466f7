"""
What a terminal sends when keys are pressed, as the keys of prompt_toolkit.

Its own parser keeps every prefix of every sequence that ever came, and a paste until its end comes; here
nothing waits but the beginning of one sequence.
"""

import re

from prompt_toolkit.input.ansi_escape_sequences import ANSI_SEQUENCES
from prompt_toolkit.key_binding import KeyPress
from prompt_toolkit.keys import Keys

_ESCAPE = "\x1b"
_LONGEST = max(map(len, ANSI_SEQUENCES))
_PREFIXES = frozenset(sequence[:size] for sequence in ANSI_SEQUENCES for size in range(1, len(sequence)))
_PASTE = frozenset({Keys.BracketedPaste})
_UNKNOWN = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|O[ -~])")
_UNENDED = re.compile(r"\x1b\[[0-?]*[ -/]*")


class KeyReader:
    """
    Text in, keys out.

    A sequence that is not known is dropped, and so is an Escape alone or before a digit, which would have
    prompt_toolkit do the next thing a million times.
    """

    def __init__(self) -> None:
        self._text = ""

    def receive(self, text: str) -> list[KeyPress]:
        """The keys that `text`, after what came before, is made of; the beginning of one more may stay."""
        self._text += text
        keys: list[KeyPress] = []
        while self._text and (size := self._take(keys)):
            self._text = self._text[size:]
        return keys

    def flush(self) -> None:
        """Drop the beginning of a sequence whose rest does not come."""
        self._text = ""

    def _take(self, keys: list[KeyPress]) -> int:
        """Add what the text begins with to `keys`; gives how much of it that was, 0 while it is not whole."""
        text = self._text
        if text[0] != _ESCAPE:
            _press(keys, text[0])
            return 1
        for size in range(min(_LONGEST, len(text)), 1, -1):
            if text[:size] in ANSI_SEQUENCES:
                _press(keys, text[:size])
                return size
        if text in _PREFIXES or (_UNENDED.fullmatch(text) and len(text) <= _LONGEST):
            return 0
        if unknown := _UNKNOWN.match(text):
            return unknown.end()
        if text[1].isalpha() or text[1] in "\x7f\x08.<>":
            keys.append(KeyPress(Keys.Escape, _ESCAPE))
        return 1


def _press(keys: list[KeyPress], sequence: str) -> None:
    found = ANSI_SEQUENCES.get(sequence, sequence)
    for index, key in enumerate(found if isinstance(found, tuple) else (found,)):
        if key not in _PASTE and sequence != "\x1b[201~":
            keys.append(KeyPress(key, "" if index else sequence))
