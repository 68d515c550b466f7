"""What a server of FTP says on its control connection, read without I/O: RFC 959 section 4.2."""

import re
from collections import deque
from dataclasses import dataclass

from doorward.core.errors import LineTooLong, ProtocolError
from doorward.core.secret import Secret, without

LINE_BYTES = 4096
"""A line of a reply with its ending; the longest that servers write is a path with some words around it."""

REPLY_BYTES = 64 * 1024
"""A reply of many lines: a greeting with its rules, a list of features."""

REPLIES = 8
"""How many may wait that nobody asked for; one command has two at most."""

_FIRST_LINE = re.compile(rb"(?P<code>[1-5][0-5][0-9])(?P<mark>[ -])(?P<text>.*)", re.DOTALL)
_SHOWN_CHARACTERS = 200
_EXCERPT_CHARACTERS = 80


class NotUnderstood(ProtocolError):
    """
    What came is not what it should be; `words_of` tells it.

    Attributes:
        said: all of what came, which may have the password in it.
    """

    def __init__(self, problem: str, said: str) -> None:
        super().__init__(problem)
        self.said = said


def words_of(error: ProtocolError, password: Secret | None) -> str:
    """What is wrong, with the beginning of what came where that is known, and without the password."""
    if not isinstance(error, NotUnderstood):
        return str(error)
    return f"{error}: {without(password, error.said).strip()[:_EXCERPT_CHARACTERS]!r}"


@dataclass(frozen=True, slots=True)
class Reply:
    """
    One reply.

    Attributes:
        code: 100 to 559.
        lines: their text without code and ending, at least one; bytes that are no UTF-8 are surrogates, as in
            the names of files.
    """

    code: int
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """The last line, which is the whole of a reply of one."""
        return self.lines[-1]

    @property
    def shown(self) -> str:
        """The first line that says anything, short enough to be told."""
        return self.said.strip()[:_SHOWN_CHARACTERS]

    @property
    def said(self) -> str:
        """The first line that says anything, as it came."""
        return next((line for line in self.lines if line.strip()), "")

    @property
    def is_preliminary(self) -> bool:
        """Whether another one follows."""
        return self.code < 200

    @property
    def is_good(self) -> bool:
        """Whether what was asked for was done."""
        return 200 <= self.code < 300

    @property
    def is_refusal(self) -> bool:
        """Whether it was not, and will not be unless it is asked for anew."""
        return self.code >= 400


class ReplyReader:
    """
    Bytes in, replies out.

    A line ends with LF, with CR before it or not. A reply begins with three digits and a space or a hyphen;
    after a hyphen it goes on to the line that begins with the same digits and a space.
    """

    __slots__ = ("_buffer", "_bytes", "_code", "_expected", "_lines", "_replies", "_searched")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._searched = 0
        self._replies: deque[Reply] = deque()
        self._code = b""
        self._lines: list[bytes] = []
        self._bytes = 0
        self._expected = 0

    def expect(self, replies: int) -> None:
        """Let so many more wait: as many commands are sent before the first is answered."""
        self._expected += replies

    def receive_data(self, data: bytes) -> None:
        """
        Take in what the server sent.

        Raises:
            LineTooLong: `LINE_BYTES` held no LF, or a reply of many lines had no end within `REPLY_BYTES`.
            ProtocolError: a line that begins no reply, or `REPLIES` more of them than were expected. Nothing
                can be asked of the server after either.
        """
        self._buffer += data
        while (end := self._buffer.find(b"\n", self._searched)) >= 0:
            if end >= LINE_BYTES:
                break
            line = bytes(self._buffer[:end]).removesuffix(b"\r")
            del self._buffer[: end + 1]
            self._searched = 0
            self._receive_line(line)
        else:
            self._searched = len(self._buffer)
        if len(self._buffer) >= LINE_BYTES:
            raise LineTooLong(f"a line of a reply is longer than {LINE_BYTES} bytes")

    def take_reply(self) -> Reply | None:
        """Take the oldest complete reply; None until there is one."""
        if not self._replies:
            return None
        self._expected = max(0, self._expected - 1)
        return self._replies.popleft()

    @property
    def next_reply(self) -> Reply | None:
        """The one that `take_reply` would take."""
        return self._replies[0] if self._replies else None

    @property
    def is_empty(self) -> bool:
        """Whether all that came was taken: no reply waits, and none has begun."""
        return not (self._replies or self._buffer or self._lines)

    def _receive_line(self, line: bytes) -> None:
        if self._code:
            is_last = line.startswith(self._code + b" ")
            # servers may put the digits before each line, and need not
            text = line[4:] if is_last or line.startswith(self._code + b"-") else line
            self._keep(text)
            if is_last:
                self._finish(self._code)
            return
        match = _FIRST_LINE.fullmatch(line)
        if match is None:
            said = line.decode("utf-8", "surrogateescape")
            raise NotUnderstood("what came is no reply of FTP", said)
        self._keep(match["text"])
        if match["mark"] == b" ":
            self._finish(match["code"])
        else:
            self._code = match["code"]

    def _keep(self, text: bytes) -> None:
        self._lines.append(text)
        # an empty line takes room as well
        self._bytes += len(text) + 1
        if self._bytes > REPLY_BYTES:
            raise LineTooLong(f"a reply has no end within {REPLY_BYTES} bytes")

    def _finish(self, code: bytes) -> None:
        if len(self._replies) >= REPLIES + self._expected:
            raise ProtocolError("the server goes on answering what nobody asked")
        lines = tuple(line.decode("utf-8", "surrogateescape") for line in self._lines)
        self._replies.append(Reply(int(code), lines))
        self._code = b""
        self._lines.clear()
        self._bytes = 0
