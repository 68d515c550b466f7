"""A command's parameter: its name, its type, whether it must be there, and the reading of one word for it."""

import re
import unicodedata
from dataclasses import dataclass

from doorward.core.errors import BadArgument, CatalogueError
from doorward.core.parameter_types import (
    FlagType,
    IntegerType,
    NumberType,
    ParameterType,
    PathType,
    PortType,
    Refused,
    SecretType,
    TextType,
    Value,
    number_word,
)
from doorward.core.secret import Secret

ANY_TEXT = TextType()

NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
_NEVER_REPEATED = (IntegerType, NumberType, PortType, FlagType, SecretType, PathType)
"""What repeats is handed over as texts: no numbers, no dots for a secret, no path that nobody followed."""
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
    def default_value(self) -> Value | None:
        """
        The default as a word of it would be read: a path made absolute, a number made a float.

        Raises:
            BadArgument: the default is not of the type, which `check` finds.
        """
        return None if self.default is None else self.read(word_of(self.default))

    @property
    def is_secret(self) -> bool:
        return isinstance(self.type, SecretType)

    def check(self, *, key: str) -> None:
        """
        Make sure that the declaration can be met.

        Raises:
            CatalogueError: a name that cannot stand on a line, a default that its own type refuses, or a type
                that cannot repeat.
        """
        if not NAME.fullmatch(self.name):
            raise CatalogueError(
                "a parameter's name cannot be this",
                key=key,
                expected="a-z, then a-z, 0-9 and _",
                found=repr(self.name),
            )
        if self.repeats and isinstance(self.type, _NEVER_REPEATED):
            raise CatalogueError(
                f"a parameter of type {self.type.type_name} cannot repeat", key=key, expected="a kind of text"
            )
        if self.default is not None and not self.repeats:
            self._check_default(f"{key}.default")

    def _check_default(self, key: str) -> None:
        if self.is_secret or isinstance(self.default, Secret):
            raise CatalogueError("a secret has no default", key=key)
        expected = self.type.expected
        try:
            value = self.default_value
        except BadArgument as error:
            expected, value = error.expected, None
        # a text may be rewritten by its type; anything else has to be the value already: no [] for "[]"
        if value is None or (not isinstance(self.default, str) and value != self.default):
            raise CatalogueError(
                "the default is not of the type", key=key, expected=expected, found=shown(str(self.default))
            )

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
        case float():
            return number_word(value)
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
