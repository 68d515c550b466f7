"""
What a command wrote for a terminal, as pieces of text with a style: bytes in, pieces out, nothing else.

Colours, weights and the return to a line's start mean something here; whatever else a terminal would obey
is left out, and nothing can be hidden, moved or drawn over. The 256 and the 16 million colours become the
nearest of 16, which a page shows so that they can be read on light and on dark.

Source: ECMA-48 5th edition, sections 5.4 (control sequences), 5.6 (control strings) and 8.3.117 (SGR).
"""

import codecs
import re
from dataclasses import dataclass, replace

PARAMETER_CHARACTERS = 64
"""Of one control sequence; a longer one is none, and its text is shown."""

# what a terminal obeys, and what turns the direction of a text, so that it would read as another
_CONTROLS = "\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_TOKEN = re.compile(
    rf"""
    (?P<text>[^{_CONTROLS}]+)
    | (?:\x1b\[|\x9b)(?P<parameters>[0-?]{{0,{PARAMETER_CHARACTERS}}})[ -/]{{0,4}}(?P<final>[@-~])
    | (?P<string>\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])
    | (?P<returns>\r+)
    | \x1b(?:[ -/]{{1,4}}[0-~]|[0-OQ-WYZ\\`-~])
    | [{_CONTROLS}]
    """,
    re.VERBOSE,
)
_UNFINISHED = re.compile(
    rf"(?:\x1b\[|\x9b)[0-?]{{0,{PARAMETER_CHARACTERS}}}[ -/]{{0,4}}|\x1b[ -/]{{0,4}}|\r+"
)
_HELD_CHARACTERS = PARAMETER_CHARACTERS + 6
_STRING_END = re.compile(r"\x07|\x9c|\x1b\\|\x18|\x1a|(?=\n)|(?=\x1b[^\\])")

_PALETTE = (
    *((0, 0, 0), (205, 0, 0), (0, 205, 0), (205, 205, 0), (0, 0, 238), (205, 0, 205), (0, 205, 205)),
    *((229, 229, 229), (127, 127, 127), (255, 0, 0), (0, 255, 0), (255, 255, 0), (92, 92, 255)),
    *((255, 0, 255), (0, 255, 255), (255, 255, 255)),
)
"""xterm's 16 colours, to find the nearest by."""

_CUBE = (0, 95, 135, 175, 215, 255)


@dataclass(frozen=True, slots=True)
class Style:
    """
    How a piece of text is to look.

    Attributes:
        colour, background: 0 to 15 as terminals number them; None for the page's own.
    """

    colour: int | None = None
    background: int | None = None
    bold: bool = False
    faint: bool = False
    italic: bool = False
    underlined: bool = False
    struck: bool = False
    reversed: bool = False

    @property
    def classes(self) -> str:
        """The names of it in our style sheet; empty for plain text."""
        names = [
            name
            for name in ("bold", "faint", "italic", "underlined", "struck", "reversed")
            if getattr(self, name)
        ]
        if self.colour is not None:
            names.append(f"fg{self.colour}")
        if self.background is not None:
            names.append(f"bg{self.background}")
        return " ".join(names)


PLAIN = Style()


@dataclass(frozen=True, slots=True)
class Text:
    """Some text in one style; it holds no control but LF and tabs, and is not empty."""

    text: str
    classes: str = ""


@dataclass(frozen=True, slots=True)
class Rewind:
    """What comes stands in the place of the line so far: how programs draw progress."""


Piece = Text | Rewind
REWIND = Rewind()


class AnsiReader:
    """
    Reads one stream. However the bytes are cut, the pieces say the same; it holds at most 70 characters.

    What is no UTF-8 becomes U+FFFD.
    """

    __slots__ = ("_classes", "_decoder", "_held", "_in_string", "_line_is_empty", "_style")

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""
        self._in_string = False
        self._line_is_empty = True
        self._style = PLAIN
        self._classes = ""

    def receive(self, data: bytes) -> list[Piece]:
        """The pieces that `data` completes."""
        return self._read(self._held + self._decoder.decode(data), is_last=False)

    def finish(self) -> list[Piece]:
        """What was held back, when nothing more comes."""
        return self._read(self._held + self._decoder.decode(b"", final=True), is_last=True)

    def _read(self, text: str, *, is_last: bool) -> list[Piece]:
        pieces: list[Piece] = []
        at, self._held = 0, ""
        while at < len(text):
            if self._in_string:
                at = self._skip_string(text, at)
                continue
            if not is_last and self._is_unfinished(text, at):
                self._held = text[at:]
                break
            token = _TOKEN.match(text, at)
            # every character is in the one class of the pattern or in the other
            assert token is not None  # noqa: S101
            at = token.end()
            self._take(token, pieces)
        return pieces

    def _is_unfinished(self, text: str, at: int) -> bool:
        if len(text) - at > _HELD_CHARACTERS:
            return False
        return text[at] in "\x1b\x9b\r" and _UNFINISHED.fullmatch(text, at) is not None

    def _skip_string(self, text: str, at: int) -> int:
        end = _STRING_END.search(text, at)
        if end is None:
            # the ESC of an ending may have come without its backslash
            self._held = "\x1b" if text.endswith("\x1b") else ""
            return len(text)
        self._in_string = False
        return end.end()

    def _take(self, token: "re.Match[str]", pieces: list[Piece]) -> None:
        if text := token["text"]:
            self._add(text, pieces)
        elif token["final"] == "m":
            self._set_style(token["parameters"])
        elif token["string"]:
            self._in_string = True
        elif token["returns"]:
            is_ending = token.string.startswith("\n", token.end())
            if not is_ending and not self._line_is_empty:
                pieces.append(REWIND)
                self._line_is_empty = True

    def _set_style(self, parameters: str) -> None:
        # back to plain is every other sequence
        style = PLAIN if parameters in {"", "0"} else styled(self._style, parameters)
        if style is not self._style:
            self._style, self._classes = style, style.classes if style is not PLAIN else ""

    def _add(self, text: str, pieces: list[Piece]) -> None:
        self._line_is_empty = text.endswith("\n")
        classes = self._classes
        last = pieces[-1] if pieces else None
        if isinstance(last, Text) and last.classes == classes:
            pieces[-1] = Text(last.text + text, classes)
        else:
            pieces.append(Text(text, classes))


_SETS = {
    1: {"bold": True},
    2: {"faint": True},
    3: {"italic": True},
    4: {"underlined": True},
    7: {"reversed": True},
    9: {"struck": True},
    21: {"underlined": True},
    22: {"bold": False, "faint": False},
    23: {"italic": False},
    24: {"underlined": False},
    27: {"reversed": False},
    29: {"struck": False},
    39: {"colour": None},
    49: {"background": None},
}


def styled(style: Style, parameters: str) -> Style:
    """`style` after an SGR sequence with these parameters; those that are not known change nothing."""
    # 38:5:n and 38;5;n say the same; 4:3 is an underline of some shape
    numbers = [int(word) if word.isdigit() else 0 for word in parameters.replace(":", ";").split(";")]
    is_shape = "4:" in parameters
    at = 0
    while at < len(numbers):
        number = numbers[at]
        at += 1
        if number == 0:
            style = PLAIN
        elif number in {38, 48}:
            colour, taken = _extended(numbers[at:])
            style = replace(style, colour=colour) if number == 38 else replace(style, background=colour)
            at += taken
        elif number in _SETS:
            style = replace(style, **_SETS[number])  # type: ignore[arg-type]
            at += number == 4 and is_shape
        else:
            style = _coloured(style, number)
    return style


def _coloured(style: Style, number: int) -> Style:
    tens, index = divmod(number, 10)
    if index < 8 and tens in {3, 9}:
        return replace(style, colour=index + 8 * (tens == 9))
    if index < 8 and tens in {4, 10}:
        return replace(style, background=index + 8 * (tens == 10))
    return style


def _extended(numbers: list[int]) -> tuple[int | None, int]:
    """The nearest of the 16 colours to what follows 38 or 48, and how many numbers that took."""
    match numbers:
        case [5, index, *_]:
            return _of_256(index), 2
        case [2, red, green, blue, *_]:
            return _nearest(red, green, blue), 4
        case _:
            return None, len(numbers)


def _of_256(index: int) -> int | None:
    if index < 16:
        return index
    if index < 232:
        red, rest = divmod(index - 16, 36)
        return _nearest(_CUBE[red], _CUBE[rest // 6], _CUBE[rest % 6])
    grey = 8 + (index - 232) * 10
    return _nearest(grey, grey, grey) if index < 256 else None


def _nearest(*colour: int) -> int:
    def distance(index: int) -> int:
        return sum((have - want) ** 2 for have, want in zip(_PALETTE[index], colour, strict=True))

    return min(range(16), key=distance)
