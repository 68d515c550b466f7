"""Which bytes of a file a Range asks for, by RFC 9110 section 14."""

import enum
import re
from dataclasses import dataclass

RANGES_MOST = 32
"""Ranges of one request that are answered in parts; whoever asks for more gets the whole file."""

_UNIT = re.compile(r"\s*bytes\s*=", re.IGNORECASE)
_SPEC = re.compile(r"[ \t]*(\d{0,19})-(\d{0,19})[ \t]*", re.ASCII)


class NoRange(enum.Enum):
    """When no part is sent."""

    WHOLE = enum.auto()
    UNSATISFIABLE = enum.auto()


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes `first` to `last`, both included, counted from 0."""

    first: int
    last: int

    @property
    def size_bytes(self) -> int:
        """How many they are, 1 or more."""
        return self.last - self.first + 1

    def content_range(self, size_bytes: int) -> str:
        """The Content-Range of this part of a file of `size_bytes`."""
        return f"bytes {self.first}-{self.last}/{size_bytes}"


def parse_ranges(text: str, size_bytes: int) -> tuple[Part, ...] | NoRange:
    """
    Read the Range of a request for a file of `size_bytes`.

    Returns:
        The parts that are there, in the order in which they were asked for. `WHOLE` for an empty file, for no
        range and for a unit that is not bytes, for more than `RANGES_MOST`, and when the parts together are
        larger than the file, as overlapping ones can be. `UNSATISFIABLE` when none is there, and for what is
        no list of ranges.

    Source: RFC 9110 sections 14.1.2 and 14.2; nginx answers a broken list with 416 as well.
    """
    unit = _UNIT.match(text)
    if unit is None:
        return NoRange.WHOLE
    specs = text[unit.end() :].split(",")
    if len(specs) > RANGES_MOST or not size_bytes or specs == [""]:
        return NoRange.WHOLE
    matches = [match for spec in specs if (match := _SPEC.fullmatch(spec)) is not None]
    if len(matches) < len(specs) or not all(_is_range(match[1], match[2]) for match in matches):
        return NoRange.UNSATISFIABLE
    found = [_part(match[1], match[2], size_bytes) for match in matches]
    parts = [part for part in found if part is not None]
    if not parts:
        return NoRange.UNSATISFIABLE
    if sum(part.size_bytes for part in parts) > size_bytes:
        return NoRange.WHOLE
    return tuple(parts)


def _is_range(first: str, last: str) -> bool:
    return bool(first or last) and not (first and last and int(first) > int(last))


def _part(first: str, last: str, size_bytes: int) -> Part | None:
    """What is there of one range; None when nothing is."""
    if not first:
        begins_at, ends_at = max(size_bytes - int(last), 0), size_bytes - 1
    else:
        begins_at = int(first)
        ends_at = min(int(last), size_bytes - 1) if last else size_bytes - 1
    return Part(begins_at, ends_at) if begins_at <= ends_at else None
