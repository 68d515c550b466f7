"""
What is said in plain text before TLS, for protocols that begin it with a command.

Source: RFC 3207 for SMTP, RFC 3501 section 6.2.1 for IMAP, RFC 2595 section 4 for POP3, RFC 4217 for FTP.
"""

import re
from dataclasses import dataclass

from doorward.clients._streams import PLAIN_TEXT
from doorward.core.errors import LineTooLong, ProtocolError, TlsFailed, one_line
from doorward.core.units import KIB

LINE_BYTES = 8 * KIB
"""The longest line of an answer; RFC 5321 asks for 512 bytes, RFC 3501 for none."""

ANSWER_LINES = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """
    One question and the answer to it.

    Attributes:
        asks: what is sent, without its line end; empty for a greeting, which comes unasked.
        last: matches the line that ends the answer.
        good: matches it when the answer is yes.
    """

    asks: str = ""
    last: re.Pattern[str]
    good: re.Pattern[str]


def _of_digits(asks: str, good: str) -> Step:
    """An answer of three digits, with a hyphen after them in all lines but the last: RFC 5321 section 4.2."""
    return Step(asks=asks, last=re.compile(r"[0-9]{3}(?: |$)"), good=re.compile(good))


def steps_of(protocol: str, *, our_name: str) -> tuple[Step, ...]:
    """
    What is said and heard until TLS begins.

    Args:
        protocol: one of `PROTOCOLS`.
        our_name: whom SMTP is told that we are.
    """
    any_line, tagged = re.compile(""), re.compile(r"a1 ")
    match protocol:
        case "smtp":
            hello = _of_digits(f"EHLO {our_name}", "250")
            return _of_digits("", "220"), hello, _of_digits("STARTTLS", "220")
        case "ftp":
            return _of_digits("", "220"), _of_digits("AUTH TLS", "234")
        case "pop3":
            good = re.compile(r"\+OK")
            return Step(last=any_line, good=good), Step(asks="STLS", last=any_line, good=good)
        case "imap":
            greeting = Step(last=any_line, good=re.compile(r"\* OK", re.IGNORECASE))
            good = re.compile(r"a1 OK", re.IGNORECASE)
            return greeting, Step(asks="a1 STARTTLS", last=tagged, good=good)
        case _:
            raise ValueError(f"there is no STARTTLS of {protocol!r}")


PROTOCOLS = ("smtp", "imap", "pop3", "ftp")

USUAL_PORTS = {"smtp": 25, "imap": 143, "pop3": 110, "ftp": 21}


class StartTls:
    """
    The dialogue as a pure object: bytes in, bytes to send, until TLS may begin.

    Args:
        steps: of `steps_of`.

    Attributes:
        is_ready: TLS begins now, and nothing else was said.
    """

    def __init__(self, steps: tuple[Step, ...]) -> None:
        self._steps = steps
        self._number = 0
        self._buffer = bytearray()
        self._lines = 0
        self._to_send = b""
        self.is_ready = False

    @property
    def asked(self) -> str:
        """What is waited for, for people."""
        return f"an answer to {self._steps[self._number].asks}" if self._number else "a greeting"

    def receive_data(self, data: bytes) -> None:
        """
        Take in what came.

        Raises:
            Refused: the peer does not begin TLS.
            TlsFailed: it said more than it was asked for. What stands behind an answer would be taken for the
                next one, or for said in TLS, and whoever sits in between could have put it there.
            LineTooLong: a line without end, or an answer of too many lines.
        """
        self._buffer += data
        while (end := self._buffer.find(b"\n")) >= 0:
            line = bytes(self._buffer[:end]).removesuffix(b"\r").decode("utf-8", "backslashreplace")
            del self._buffer[: end + 1]
            self._take_line(line)
        if len(self._buffer) > LINE_BYTES:
            raise LineTooLong(f"no line end came within {LINE_BYTES} bytes")

    def bytes_to_send(self) -> bytes:
        """Take what goes to the peer now; empty for nothing."""
        taken, self._to_send = self._to_send, b""
        return taken

    def _take_line(self, line: str) -> None:
        step = self._steps[self._number]
        self._lines += 1
        if self._lines > ANSWER_LINES:
            raise LineTooLong(f"an answer of more than {ANSWER_LINES} lines")
        if step.last.match(line) is None:
            return
        if step.good.match(line) is None:
            raise Refused(step.asks, line)
        if self._buffer:
            raise TlsFailed("plain text came before it", code=PLAIN_TEXT)
        self._lines = 0
        self._number += 1
        if self._number == len(self._steps):
            self.is_ready = True
            return
        self._to_send += f"{self._steps[self._number].asks}\r\n".encode()


@dataclass(eq=False)
class Refused(ProtocolError):
    """
    The peer does not do what TLS takes.

    Attributes:
        asked: for what; empty for nothing at all.
        answer: the last line of what it said.
    """

    asked: str
    answer: str

    def __str__(self) -> str:
        to = f" to {self.asked}" if self.asked else ""
        return one_line(f"the server answered{to}: {self.answer[:200]}")
