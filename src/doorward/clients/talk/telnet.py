"""
Telnet without I/O: negotiation is answered and kept out of the text.

Whatever the peer offers or wants, we do without: each DO is answered WONT and each WILL is answered DONT.
What says that an option is off is not answered, so that no two programs answer each other for ever.

Source: RFC 854, RFC 855; RFC 1143 section 7, for an end whose options are all off.
"""

import enum

IAC = 255
_DONT, _DO, _WONT, _WILL = 254, 253, 252, 251
_SB, _SE = 250, 240
_CR, _LF, _NUL = 13, 10, 0

_ANSWERS = {_DO: _WONT, _WILL: _DONT}
_NEGOTIATES = frozenset({_DONT, _DO, _WONT, _WILL})

_KNOWN_OPTIONS = frozenset({*range(50), 138, 139, 140, 255})
"""Those of IANA's list. Music in MPEG frames begins with IAC WILL too, and goes on with other numbers."""

_OPENING_BYTES = 3


class TelnetMode(enum.Enum):
    """Whether the peer speaks Telnet."""

    AUTO = "auto"
    """It does if it begins with a negotiation."""
    ON = "on"
    OFF = "off"


PORT = 23


def mode_for(is_spoken: bool | None, *, port: int) -> TelnetMode:  # noqa: FBT001 - None is the third answer
    """What is meant where somebody says whether Telnet is spoken, or nobody does; at its port, it is."""
    if is_spoken is None:
        return TelnetMode.ON if port == PORT else TelnetMode.AUTO
    return TelnetMode.ON if is_spoken else TelnetMode.OFF


class _State(enum.Enum):
    TEXT = enum.auto()
    AFTER_CR = enum.auto()
    COMMAND = enum.auto()
    OPTION = enum.auto()
    INSIDE = enum.auto()
    INSIDE_IAC = enum.auto()


class Telnet:
    """
    One end of a connection that may speak Telnet.

    It holds at most two bytes of what came, and the answers that were not taken: three bytes for three.

    Args:
        mode: whether the peer speaks it.

    Attributes:
        is_on: it does, as far as is known.
    """

    def __init__(self, mode: TelnetMode = TelnetMode.AUTO) -> None:
        self.is_on = mode is TelnetMode.ON
        self._is_undecided = mode is TelnetMode.AUTO
        self._opening = bytearray()
        self._state = _State.TEXT
        self._verb = 0
        self._answers = bytearray()

    def receive_data(self, data: bytes) -> bytes:
        """
        Take in what came.

        Returns:
            The text in it: IAC IAC is one byte 255, CR NUL is CR.
        """
        if self._is_undecided:
            self._opening += data
            if self._could_begin_telnet():
                return b""
            data = bytes(self._opening)
            self._opening.clear()
        if not self.is_on:
            return data
        if self._state is _State.TEXT and IAC not in data and b"\r" not in data:
            return data
        return self._parse(data)

    def receive_eof(self) -> bytes:
        """Take in the end; returns what was held back, as text."""
        self._is_undecided = False
        held = bytes(self._opening)
        self._opening.clear()
        return held

    def bytes_to_send(self) -> bytes:
        """Take the answers; they go over the wire before any text."""
        answers = bytes(self._answers)
        self._answers.clear()
        return answers

    def escaped(self, data: bytes) -> bytes:
        """What goes over the wire for `data`: a byte 255 is doubled, a CR that ends no line gets a NUL."""
        if not self.is_on:
            return data
        doubled = data.replace(b"\xff", b"\xff\xff")
        return doubled.replace(b"\r", b"\r\0").replace(b"\r\0\n", b"\r\n")

    def _could_begin_telnet(self) -> bool:
        """Whether more has to come to know it; decides when nothing more has to."""
        opening = self._opening
        if not opening:
            return True
        if opening[0] == IAC and len(opening) < _OPENING_BYTES and (opening[1:2] or b"\xfb")[0] in _OPENERS:
            return True
        self._is_undecided = False
        self.is_on = (
            len(opening) >= _OPENING_BYTES
            and opening[0] == IAC
            and opening[1] in _OPENERS
            and opening[2] in _KNOWN_OPTIONS
        )
        return False

    def _parse(self, data: bytes) -> bytes:
        text = bytearray()
        for byte in data:
            self._state = self._step(byte, text)
        return bytes(text)

    def _step(self, byte: int, text: bytearray) -> _State:
        match self._state:
            case _State.TEXT | _State.AFTER_CR:
                return self._text(byte, text)
            case _State.COMMAND:
                return self._command(byte, text)
            case _State.OPTION:
                if self._verb in _ANSWERS:
                    self._answers += bytes((IAC, _ANSWERS[self._verb], byte))
                return _State.TEXT
            case _State.INSIDE:
                return _State.INSIDE_IAC if byte == IAC else _State.INSIDE
            case _State.INSIDE_IAC:
                return _State.TEXT if byte == _SE else _State.INSIDE

    def _text(self, byte: int, text: bytearray) -> _State:
        if byte == IAC:
            return _State.COMMAND
        if self._state is _State.AFTER_CR and byte == _NUL:
            return _State.TEXT
        text.append(byte)
        return _State.AFTER_CR if byte == _CR else _State.TEXT

    def _command(self, byte: int, text: bytearray) -> _State:
        if byte == IAC:
            text.append(IAC)
            return _State.TEXT
        if byte == _SB:
            return _State.INSIDE
        if byte in _NEGOTIATES:
            self._verb = byte
            return _State.OPTION
        return _State.TEXT  # NOP, a mark, "are you there": there is nobody to be told


_OPENERS = _NEGOTIATES | {_SB}
