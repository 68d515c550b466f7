r"""
What was said, a line each with its time, as a record to be read later; no secret stands in it.

`>` is ours and `<` the peer's. All is escaped as in a Python literal, line ends too, so that nothing is lost
and nothing commands a terminal. A line that goes on has no `\n` at its end. `-` tells of the connection.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from doorward.clients.talk.secrecy import LoginLines
from doorward.clients.talk.sent_secrets import SentSecrets
from doorward.core.errors import one_line
from doorward.core.secret import REDACTED, Secret
from doorward.core.talking import safe_line
from doorward.core.units import KIB

RECORD_BYTES = 4 * KIB
"""A longer line is written as several."""

_REPEATED_CHARACTERS = 4


class Transcript:
    """
    Writes down both sides.

    Args:
        write: takes a line, with its LF; None for no transcript.
        wall: gives the time, in seconds since 1970 UTC.
    """

    def __init__(self, write: Callable[[str], object] | None, wall: Callable[[], float]) -> None:
        self._write = write
        self._wall = wall
        self._unfinished = bytearray()
        self._secrets = SentSecrets()
        self._logins = LoginLines()

    def told(self, text: str) -> None:
        """Write down what happened to the connection."""
        self._flush()
        self._record("-", one_line(text))

    def ended(self, text: str) -> None:
        """Write down how the conversation ended; nothing more comes."""
        if self._unfinished:
            self._record_bytes("<", bytes(self._unfinished))
            self._unfinished.clear()
        self._record("-", one_line(text))

    def received(self, data: bytes) -> None:
        """Write down what the peer said; a line when it has ended, or something else follows."""
        if self._write is None:
            return
        self._unfinished += data
        *lines, rest = bytes(self._unfinished).split(b"\n")
        for line in lines:
            self._logins.answered(line.decode("utf-8", "surrogateescape"))
            self._record_bytes("<", line + b"\n")
        self._unfinished[:] = rest
        self._write_long_line()

    def sent(self, data: bytes) -> None:
        """Write down what we said, without the secret of a login command."""
        if self._write is None:
            return
        self._flush()
        for line in data.splitlines(keepends=True):
            self._record_bytes(">", self._without_login(line))

    def sent_secret(self, secret: Secret) -> None:
        """Write down that it was sent, and leave it out where the peer repeats it."""
        self._flush()
        self._secrets.add(secret.revealed)
        self._without_login(secret.revealed.encode("utf-8", "surrogateescape"))
        self._record(">", REDACTED)

    def without_secrets(self, text: str) -> str:
        """`text` with dots for each secret that was sent."""
        return self._secrets.without(text)

    def _without_login(self, line: bytes) -> bytes:
        """`line` with dots for the secret of a login command, which from now on is left out elsewhere too."""
        secret = self._logins.secret_in(line.decode("utf-8", "surrogateescape"))
        if not secret:
            return line
        # a guess of few letters would leave dots in half of what the peer says
        if len(secret) >= _REPEATED_CHARACTERS:
            self._secrets.add(secret)
        head, _, tail = line.rpartition(secret.encode("utf-8", "surrogateescape"))
        return head + REDACTED.encode() + tail

    def _write_long_line(self) -> None:
        """Write down what is too long to wait for its end, but for what may be the beginning of a secret."""
        kept_bytes = RECORD_BYTES + self._secrets.most_begun_bytes
        if len(self._unfinished) <= kept_bytes:
            return
        rest = self._secrets.bytes_without(bytes(self._unfinished))
        while len(rest) > kept_bytes:
            cut = _end_of_letter(rest, RECORD_BYTES)
            self._record_bytes("<", rest[:cut])
            rest = rest[cut:]
        self._unfinished[:] = rest

    def _flush(self) -> None:
        """Write down what the peer has said of a line, but for what may be the beginning of a secret."""
        said = self._secrets.bytes_without(bytes(self._unfinished))
        cut = len(said) - self._secrets.begun_bytes(said)
        if cut:
            self._record_bytes("<", said[:cut])
        self._unfinished[:] = said[cut:]

    def _record_bytes(self, side: str, data: bytes) -> None:
        text = self._secrets.bytes_without(data).decode("utf-8", "surrogateescape")
        self._record(side, safe_line(text.replace("\\", "\\\\")))

    def _record(self, side: str, text: str) -> None:
        if self._write is None:
            return
        moment = datetime.fromtimestamp(self._wall(), UTC)
        self._write(f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z {side} {text}\n")


def _end_of_letter(data: bytes, most: int) -> int:
    """The last place up to `most` where no letter of UTF-8 is cut in two."""
    return next((cut for cut in range(most, most - 4, -1) if data[cut] & 0xC0 != 0x80), most)
