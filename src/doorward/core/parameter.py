"""A command's parameter: its name, its type, whether it must be there, and the reading of one word for it."""

import re
import unicodedata
from dataclasses import dataclass

from doorward.core.errors import BadArgument, CatalogueError
from doorward.core.parameter_types import (
    FlagType,
    ParameterType,
    Refused,
    SecretType,
    TextType,
    Value,
)
from doorward.core.secret import Secret

ANY_TEXT = TextType()

NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
_SHOWN_CHARACTERS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """
    One parameter of a command.

    Attributes:
        name: `[a-z][a-z0-9_]*`, at most 32 characters; a function's parameter may leave it out.
        type: what its words may be.
        summary: one line for help.
        default: the value when no word comes for it; None for none.
        required: whether a word must come when there is no default.
        repeats: takes every word that is left; only the last may, and only a function's.
    """

    name: str = ""
    type: ParameterType = ANY_TEXT
    summary: str = ""
    default: Value | None = None
    required: bool = True
    repeats: bool = False

    @property
    def is_required(self) -> bool:
        """Whether asking without it is an error."""
        return (
            self.required
            and self.default is None
            and not isinstance(self.type, FlagType)
            and not self.repeats
        )

    @property
    def is_secret(self) -> bool:
        return isinstance(self.type, SecretType)

    def check(self, *, key: str) -> None:
        """
        Make sure that the declaration can be met.

        Raises:
            CatalogueError: a name that cannot stand on a line, or a default that its own type refuses.
        """
        if not NAME.fullmatch(self.name):
            raise CatalogueError(
                "a parameter's name cannot be this",
                key=key,
                expected="a-z, then a-z, 0-9 and _",
                found=repr(self.name),
            )
        if self.default is None or self.repeats:
            return
        if self.is_secret:
            raise CatalogueError("a secret has no default", key=f"{key}.default")
        try:
            self.read(word_of(self.default))
        except BadArgument as error:
            raise CatalogueError(
                "the default is not of the type",
                key=f"{key}.default",
                expected=error.expected,
                found=error.found,
            ) from error

    def read(self, word: str) -> Value:
        """
        The value that `word` means.

        Raises:
            BadArgument: `word` holds a control character, or is not what the type expects.
        """
        if has_control_characters(word):
            raise BadArgument(
                self.name, f"{self.type.expected}, without control characters", self._shown(word)
            )
        try:
            return self.type.read(word)
        except Refused:
            raise BadArgument(self.name, self.type.expected, self._shown(word)) from None

    def _shown(self, word: str) -> str:
        return "" if self.is_secret else shown(word)


def word_of(value: Value) -> str:
    """The word that reads as `value`."""
    match value:
        case bool():
            return "yes" if value else "no"
        case Secret():
            return value.revealed
        case tuple():
            return " ".join(value)
        case _:
            return str(value)


def has_control_characters(text: str) -> bool:
    """Whether `text` holds a control, NUL included, a lone surrogate, or what turns its direction."""
    if text.isascii() and text.isprintable():
        return False
    return any(
        unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} or character in _TURNING
        for character in text
    )


_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def shown(word: str) -> str:
    """`word` as it may stand in an error: quoted, printable ASCII only, and not long."""
    rest = "..." if len(word) > _SHOWN_CHARACTERS else ""
    escaped = word[:_SHOWN_CHARACTERS].encode("unicode_escape").decode("ascii").replace('"', '\\"')
    return f'"{escaped}{rest}"'
