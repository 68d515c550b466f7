"""
The types of a command's parameters: each a whitelist of what one word may be.

A type reads a word as a value, or refuses it with what it expected. All but those that say otherwise refuse a
leading dash, so that no word can become an option of the command it is handed to. NUL and control characters
never get this far for any type, see `Parameter.read`.
"""

import ipaddress
import math
import posixpath
import re
from dataclasses import dataclass, field
from typing import ClassVar

from doorward.core.secret import Secret

Value = str | int | float | bool | Secret | tuple[str, ...]
"""What a word becomes; a tuple only for a parameter that takes all that is left of a line."""

INTEGER_MOST = 2**63 - 1


class Refused(ValueError):
    """A word that a type does not take; never leaves the core, which says whose word it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextType:
    """Any text of `min` to `max` characters that does not begin with a dash."""

    type_name: ClassVar[str] = "text"
    min: int = 1
    max: int = 256

    @property
    def expected(self) -> str:
        return f"a text of {_span(self.min, self.max)} characters that does not begin with a dash"

    def read(self, word: str) -> str:
        if word.startswith("-") or not self.min <= len(word) <= self.max:
            raise Refused
        return word


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegerType:
    """A whole number from `min` to `max`, in ASCII digits; a sign only where `min` is below 0."""

    type_name: ClassVar[str] = "integer"
    min: int = 0
    max: int = INTEGER_MOST

    @property
    def expected(self) -> str:
        return f"an integer {_range(self.min, self.max, most_possible=INTEGER_MOST)}"

    def read(self, word: str) -> int:
        # 20 digits hold every number of 64 bits; longer ones would cost quadratic time to read
        if not re.fullmatch(r"-?[0-9]{1,20}", word):
            raise Refused
        value = int(word)
        if (word.startswith("-") and self.min >= 0) or not self.min <= value <= self.max:
            raise Refused
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberType:
    """A finite decimal number from `min` to `max`; a sign only where `min` is below 0."""

    type_name: ClassVar[str] = "number"
    min: float = 0.0
    max: float = math.inf

    @property
    def expected(self) -> str:
        return f"a number {_range(self.min, self.max, most_possible=math.inf)}"

    def read(self, word: str) -> float:
        if len(word) > 40 or not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?", word):
            raise Refused
        value = float(word)
        if (word.startswith("-") and self.min >= 0) or not math.isfinite(value):
            raise Refused
        if not self.min <= value <= self.max:
            raise Refused
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceType:
    """One of `choices`, letter for letter; a declared choice may begin with a dash."""

    type_name: ClassVar[str] = "choice"
    choices: tuple[str, ...]

    @property
    def expected(self) -> str:
        return f"one of {', '.join(self.choices)}"

    def read(self, word: str) -> str:
        if word not in self.choices:
            raise Refused
        return word


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagType:
    """Yes or no; yes stands in the argument vector as `on`, no leaves the element out."""

    type_name: ClassVar[str] = "flag"
    on: str = ""

    YES: ClassVar[frozenset[str]] = frozenset({"yes", "true", "on", "1"})
    NO: ClassVar[frozenset[str]] = frozenset({"no", "false", "off", "0"})

    @property
    def expected(self) -> str:
        return "yes or no"

    def read(self, word: str) -> bool:
        if (word := word.lower()) in self.YES:
            return True
        if word in self.NO:
            return False
        raise Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class HostnameType:
    """
    A host by its name or its IP address, at most 253 characters.

    Source: RFC 1123 section 2.1 (letters, digits and hyphens; a dotted-decimal address must be taken too).
    """

    type_name: ClassVar[str] = "hostname"

    LABEL: ClassVar[str] = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    NAME: ClassVar[re.Pattern[str]] = re.compile(rf"{LABEL}(?:\.{LABEL})*\.?")

    @property
    def expected(self) -> str:
        return "a host name or an IP address"

    def read(self, word: str) -> str:
        if len(word) <= 253 and self.NAME.fullmatch(word) and not re.fullmatch(r"[0-9.]+", word):
            return word
        return _address(word)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressType:
    """An IPv4 or IPv6 address in its usual writing, without a zone."""

    type_name: ClassVar[str] = "address"

    @property
    def expected(self) -> str:
        return "an IPv4 or IPv6 address"

    def read(self, word: str) -> str:
        return _address(word)


@dataclass(frozen=True, slots=True, kw_only=True)
class PortType:
    """A port number from `min` to `max`."""

    type_name: ClassVar[str] = "port"
    min: int = 1
    max: int = 65535

    @property
    def expected(self) -> str:
        return f"a port from {self.min} to {self.max}"

    def read(self, word: str) -> int:
        if not re.fullmatch(r"[0-9]{1,5}", word) or not self.min <= int(word) <= self.max:
            raise Refused
        return int(word)


@dataclass(frozen=True, slots=True, kw_only=True)
class PathType:
    """
    A path inside the folder `within`, absolute or relative to it.

    Here it is judged by its letters alone. Links are followed later, off the loop, and the path that is then
    handed over must be inside `within` too.
    """

    type_name: ClassVar[str] = "path"
    within: str = "/"
    max: int = 1024

    @property
    def expected(self) -> str:
        return f"a path inside {self.within}"

    def read(self, word: str) -> str:
        if not 1 <= len(word) <= self.max or word.startswith("-"):
            raise Refused
        path = posixpath.normpath(posixpath.join(self.within, word))
        # POSIX leaves the meaning of two leading slashes open, and normpath keeps them
        path = path[1:] if path.startswith("//") else path
        if not is_inside(path, self.within):
            raise Refused
        return path


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternType:
    """
    A word that `pattern` matches as a whole, of at most `max` characters; it may begin with a dash.

    The pattern is the keeper's: one that takes exponential time is theirs to mend.
    """

    type_name: ClassVar[str] = "pattern"
    pattern: str
    max: int = 128
    compiled: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "compiled", re.compile(self.pattern))

    @property
    def expected(self) -> str:
        return f"a text that matches {self.pattern} as a whole"

    def read(self, word: str) -> str:
        if len(word) > self.max or not self.compiled.fullmatch(word):
            raise Refused
        return word


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretType:
    """
    A text of `min` to `max` characters that is never logged, shown or put into an argument vector.

    A command gets it as a file: its element becomes `/dev/fd/N`. It may begin with a dash.
    """

    type_name: ClassVar[str] = "secret"
    min: int = 1
    max: int = 1024

    @property
    def expected(self) -> str:
        return f"a secret of {_span(self.min, self.max)} characters"

    def read(self, word: str) -> Secret:
        if not self.min <= len(word) <= self.max:
            raise Refused
        return Secret(word)


ParameterType = (
    TextType
    | IntegerType
    | NumberType
    | ChoiceType
    | FlagType
    | HostnameType
    | AddressType
    | PortType
    | PathType
    | PatternType
    | SecretType
)

TYPES: dict[str, type[ParameterType]] = {
    kind.type_name: kind
    for kind in (
        TextType,
        IntegerType,
        NumberType,
        ChoiceType,
        FlagType,
        HostnameType,
        AddressType,
        PortType,
        PathType,
        PatternType,
        SecretType,
    )
}
"""Each type by the name that a configuration calls it."""


def is_inside(path: str, folder: str) -> bool:
    """Whether the absolute, normal `path` is `folder` or below it, by the letters alone."""
    folder = folder.rstrip("/")
    return path == folder or path.startswith(folder + "/")


def number_word(number: float) -> str:
    """
    `number` as a program is most likely to read it: `5` for 5.0 and for 5, `0` for -0.0.

    Numbers that compare equal have one word, so that equal invocations are equal vectors.
    """
    # 2**53: above it a whole float is known by its power of ten, not by its last digits
    is_whole = abs(number) <= 2**53 and number == int(number)
    return str(int(number) if is_whole else number)


def _address(word: str) -> str:
    # a zone (fe80::1%eth0) names an interface of this machine, and its letters are bounded by nothing
    if "%" in word or len(word) > 45:
        raise Refused
    try:
        return str(ipaddress.ip_address(word))
    except ValueError:
        raise Refused from None


def _span(least: int, most: int) -> str:
    return f"{least}" if least == most else f"{least} to {most}"


def _range(least: float, most: float, *, most_possible: float) -> str:
    if most == most_possible:
        return f"of at least {number_word(least)}"
    return f"from {number_word(least)} to {number_word(most)}"
