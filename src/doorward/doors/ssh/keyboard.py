"""
What a terminal's line discipline does to typed bytes, for commands that read a terminal's input.

Source: POSIX.1-2017, General Terminal Interface, section 11.1; the numbers are those of RFC 4254 section 8.
"""

import enum
from collections.abc import Iterator, Mapping

LINE_BYTES = 4096
"""A longer line takes no more. Source: MAX_CANON of Linux."""

_VINTR, _VQUIT, _VERASE, _VKILL, _VEOF, _VWERASE = 1, 2, 3, 4, 5, 14
_ECHO = 53
_CONTROLS = {_VINTR: 3, _VQUIT: 28, _VERASE: 127, _VKILL: 21, _VEOF: 4, _VWERASE: 23}
_OFF = 255
_CR, _LF = 13, 10


class Typed(enum.Enum):
    """What came of typing."""

    NOTHING_YET = enum.auto()
    LINE = enum.auto()
    END = enum.auto()
    INTERRUPT = enum.auto()


class Keyboard:
    """
    Typed bytes in, lines and signals out.

    Args:
        modes: of the client's terminal, which says by which keys it does what.
    """

    def __init__(self, modes: Mapping[int, int]) -> None:
        self._keys = {
            key: control for control, usual in _CONTROLS.items() if (key := modes.get(control, usual)) != _OFF
        }
        self._echoes = bool(modes.get(_ECHO, 1))
        self._line = bytearray()

    def receive(self, data: bytes) -> Iterator[tuple[Typed, bytes, bytes]]:
        """Yield what comes of `data`: what, its bytes, and what the terminal is to show."""
        for byte in data:
            control = self._keys.get(byte)
            if control in {_VINTR, _VQUIT}:
                self._line.clear()
                yield Typed.INTERRUPT, b"", b"^C\r\n"
            elif control == _VEOF:
                yield from self._end()
            elif control is not None:
                yield Typed.NOTHING_YET, b"", self._erase(control)
            else:
                yield from self._add(_LF if byte == _CR else byte)

    def _end(self) -> Iterator[tuple[Typed, bytes, bytes]]:
        line = bytes(self._line)
        self._line.clear()
        # it ends the input only where a line begins; elsewhere it hands over what was typed so far
        yield (Typed.LINE, line, b"") if line else (Typed.END, b"", b"")

    def _add(self, byte: int) -> Iterator[tuple[Typed, bytes, bytes]]:
        if byte == _LF:
            line = bytes(self._line) + b"\n"
            self._line.clear()
            yield Typed.LINE, line, b"\r\n" if self._echoes else b""
        elif len(self._line) < LINE_BYTES:
            self._line.append(byte)
            yield Typed.NOTHING_YET, b"", bytes([byte]) if self._echoes else b""

    def _erase(self, control: int) -> bytes:
        """Take off the end of the line, and look at no more than that: it may be asked for at every byte."""
        if control == _VKILL:
            begin = 0
        elif control == _VERASE:
            begin = _last_character(self._line)
        else:
            kept = self._line.rstrip()
            begin = len(kept) - len(kept.rsplit(None, 1)[-1]) if kept else 0
        erased = len(self._line[begin:].decode("utf-8", "ignore"))
        del self._line[begin:]
        return b"\b \b" * erased if self._echoes else b""


def _last_character(line: bytearray) -> int:
    """Where the last character of UTF-8 begins."""
    at = len(line)
    while at > 0:
        at -= 1
        if line[at] & 0xC0 != 0x80:
            break
    return at
