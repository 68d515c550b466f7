"""
A unit file of systemd and its drop-ins, read as systemd reads them.

Source: systemd.syntax(7) for lines, comments and continuations; systemd.unit(5) for drop-ins.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from doorward.core.errors import ConfigurationError

UNIT_BYTES = 1024 * 1024
"""As large as a unit file may be; ours has a hundredth of it."""

_BLANKS = " \t\r"
YES = frozenset({"1", "yes", "y", "true", "t", "on"})
"""What systemd takes for yes, in small letters."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """
    One `NAME=VALUE`.

    Attributes:
        name: as it stands.
        value: without the blanks around it; an empty one resets a list.
        file: where it stands.
        line: the one that it begins on, counted from 1.
    """

    name: str
    value: str
    file: str
    line: int

    @property
    def place(self) -> str:
        """Where it stands, as an error says it."""
        return f"{self.file}:{self.line}"

    def __str__(self) -> str:
        return f"{self.name}={self.value}"


class Section:
    """
    All that a unit and its drop-ins say in one section, in the order in which it counts.

    Args:
        assignments: of the unit first, then of its drop-ins.
    """

    def __init__(self, assignments: Iterable[Assignment]) -> None:
        self._assignments = tuple(assignments)

    def each(self, name: str) -> tuple[Assignment, ...]:
        """Every assignment of `name`, resets included."""
        return tuple(each for each in self._assignments if each.name == name)

    def last(self, name: str) -> Assignment | None:
        """The one that counts where only one can; None when there is none, or it is reset."""
        found = self.each(name)
        return found[-1] if found and found[-1].value else None

    def text(self, name: str) -> str:
        """What `last` says; empty when it is None."""
        found = self.last(name)
        return found.value if found is not None else ""

    def is_yes(self, name: str) -> bool:
        """Whether `last` says yes."""
        return self.text(name).lower() in YES


def read_service(file: Path) -> Section:
    """
    Read the section `[Service]` of `file`, and of the drop-ins in `FILE.d`, by their names.

    Drop-ins in other folders, such as /run/systemd/system, are not looked for.

    Raises:
        ConfigurationError: one of them cannot be read, or is no text.
    """
    parts = [file, *_drop_ins(file)]
    return Section(each for part in parts for each in service_assignments(_text(part), str(part)))


def service_assignments(text: str, file: str) -> Iterator[Assignment]:
    """Yield what `text` assigns in its section `[Service]`; lines that assign nothing are passed over."""
    section = ""
    for line, content in _logical_lines(text):
        if content.startswith("["):
            section = content
            continue
        name, equals, value = content.partition("=")
        if equals and section == "[Service]":
            yield Assignment(name.strip(_BLANKS), value.strip(_BLANKS), file, line)


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """
    Yield each line with its number, those that a backslash continues as one.

    A comment has no continuation, and one in the middle of a continued line is left out.
    """
    begun, parts = 0, list[str]()
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.strip(_BLANKS)
        if line.startswith(("#", ";")) or (not line and not parts):
            continue
        begun = begun if parts else number
        goes_on = _ends_in_escape(line)
        parts.append(line[:-1] if goes_on else line)
        if not goes_on:
            yield begun, " ".join(parts).strip(_BLANKS)
            parts = []
    if parts:
        yield begun, " ".join(parts).strip(_BLANKS)


def _ends_in_escape(line: str) -> bool:
    """Whether its last backslash is not itself escaped."""
    return (len(line) - len(line.rstrip("\\"))) % 2 == 1


def _drop_ins(file: Path) -> list[Path]:
    try:
        return sorted(each for each in file.with_name(f"{file.name}.d").iterdir() if each.suffix == ".conf")
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise ConfigurationError(f"its drop-ins cannot be read: {error.strerror}", file=str(file)) from error


def _text(file: Path) -> str:
    try:
        with open(file, "rb") as opened:
            data = opened.read(UNIT_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(f"the unit cannot be read: {error.strerror}", file=str(file)) from error
    if len(data) > UNIT_BYTES:
        raise ConfigurationError(
            "the unit is too large", file=str(file), expected=f"at most {UNIT_BYTES} bytes"
        )
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigurationError("the unit is not UTF-8", file=str(file)) from error
