"""What a conversation in lines is waited for, and how waiting ends: a match, an end, or no time left."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from doorward.core.errors import ConnectError

MOST_SECONDS = 60.0
"""As long as a whole conversation may take where nothing else is said."""

WINDOW_CHARACTERS = 2048
"""How long a match may be, to be surely found; as many more are looked through. Expect has 2000."""

FEWEST_WINDOW_CHARACTERS, MOST_WINDOW_CHARACTERS = 16, 1024 * 1024

KEPT_CHARACTERS = 1024 * 1024
"""What is kept of the text since the last match; the oldest of more is dropped, and counted."""

_BYTES = range(0xDC80, 0xDD00)
"""What bytes that are no UTF-8 become: PEP 383."""

_LINES_SHOWN = 20
_CHARACTERS_SHOWN = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """
    What came, and which pattern it matched.

    A line ends with LF here, also where CR LF came. A byte that is no UTF-8 is a lone surrogate, as in the
    names of files (PEP 383).

    Attributes:
        index: of the pattern among those that were waited for, from 0.
        match: as `re` has it; its positions count from somewhere before the text.
        before: what came since the last match and before this one.
        dropped_characters: how many of that, the oldest, were not kept.
    """

    index: int
    match: re.Match[str] = field(repr=False)
    before: str
    dropped_characters: int = 0

    @property
    def text(self) -> str:
        """What the pattern matched."""
        return self.match[0]

    @property
    def groups(self) -> tuple[str | None, ...]:
        """Those of the pattern."""
        return self.match.groups()


@dataclass(eq=False)
class Unmet(ConnectError):
    """
    Nothing that was waited for came.

    Attributes:
        received: what came since the last match, as `Matched.before` has it.
        dropped_characters: how many of it, the oldest, were not kept.
    """

    received: str = ""
    dropped_characters: int = 0

    @property
    def shown(self) -> str:
        """The end of `received` for a person to read: no line commands a terminal, and there are not many."""
        return shown_text(self.received, left_out=self.dropped_characters)


class PeerEnded(Unmet):
    """The peer ended the conversation before."""


class NotInTime(Unmet):
    """The time for it, or for the whole conversation, was over before."""


def shown_text(text: str, *, left_out: int = 0) -> str:
    """The last lines of `text`, escaped, each behind a `|`; first, how much is not among them."""
    lines = text[-_CHARACTERS_SHOWN:].split("\n")
    if lines[-1] == "":
        del lines[-1]
    shown = lines[-_LINES_SHOWN:]
    left_out += len(text) - len("\n".join(shown)) - text.endswith("\n")
    head = [f"({left_out} characters before)"] if left_out > 0 else []
    return "\n".join([*head, *(f"| {safe_line(line)}" for line in shown)])


def safe_line(text: str) -> str:
    r"""`text` with all escaped that is not printable: a byte as `\xff`, a letter as `\u2028`."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else _escaped(letter) for letter in text)


def _escaped(letter: str) -> str:
    code = ord(letter)
    if code in _BYTES:
        return f"\\x{code - _BYTES.start + 0x80:02x}"
    if code < 0x80:
        return letter.encode("unicode_escape").decode("ascii")
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def readable(text: str) -> str:
    r"""`text` with each byte that is no UTF-8 as `\xff`, so that it can be printed and written."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def words_of_patterns(patterns: Sequence[str]) -> str:
    """The patterns, for an error: `'^220 ' or '^4'`."""
    return " or ".join(repr(each) for each in patterns)
