"""docs/protocol.md taken apart: its transcripts and its tables."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "protocol.md"

_BLOCK = re.compile(r"^```transcript\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ESCAPE = re.compile(r"\\(?:([nrt\\])|x([0-9a-f]{2}))")
_SIMPLE = {"n": b"\n", "r": b"\r", "t": b"\t", "\\": b"\\"}
_STEPS = {"C ends its side.": "half-close", "S closes.": "close"}


@dataclass(frozen=True, slots=True)
class Step:
    """What one side does: `C` and `S` send `data`, the rest have none."""

    does: str
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Transcript:
    """
    One transcript of the page.

    Attributes:
        line: of the page, where it begins.
        door: what is said of the door, `session = "once", login`.
    """

    line: int
    door: str
    steps: tuple[Step, ...]


def transcripts() -> list[Transcript]:
    """All transcripts of the page, in order."""
    text = PAGE.read_text(encoding="utf-8")
    return [
        _transcript(text[: match.start()].count("\n") + 1, match[1].splitlines())
        for match in _BLOCK.finditer(text)
    ]


def _transcript(line: int, lines: list[str]) -> Transcript:
    assert lines[0].startswith("-- "), f"no door is named at line {line}"
    return Transcript(line, lines[0][3:], tuple(_step(each) for each in lines[1:]))


def _step(line: str) -> Step:
    if line in _STEPS:
        return Step(_STEPS[line])
    side, colon, text = line.partition(": ")
    assert colon, f"no step: {line}"
    assert side in {"C", "S"}, f"no side: {line}"
    return Step(side, unescaped(text))


def unescaped(text: str) -> bytes:
    """The bytes that a text with escapes stands for."""
    data, position = bytearray(), 0
    for match in _ESCAPE.finditer(text):
        data += text[position : match.start()].encode()
        data += _SIMPLE[match[1]] if match[1] else bytes.fromhex(match[2])
        position = match.end()
    return bytes(data) + text[position:].encode()


def tables(heading: str) -> list[dict[str, list[str]]]:
    """All tables below a heading, up to the next one."""
    section = re.split(rf"^#+ {re.escape(heading)}$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1]
    section = re.split(r"^#+ ", section, maxsplit=1, flags=re.MULTILINE)[0]
    return [
        dict(_rows(part.splitlines())) for part in re.split(r"\n\n", section) if part.lstrip().startswith("|")
    ]


def _rows(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    has_begun = False
    for line in lines:
        if not line.startswith("|"):
            if has_begun:
                return
            continue
        has_begun = True
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if match := re.match(r"`([^`]+)`$", cells[0]):
            yield match[1], cells[1:]
