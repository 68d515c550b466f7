"""Where the head of a request ends, and whether it came before; pure."""

import enum
import hmac

_END = b"\r\n\r\n"

REPEATED_HEAD_BYTES = 4 * 1024
"""A longer head is read anew each time: it is kept for as long as its connection stays open."""


class HeadState(enum.Enum):
    """How far a head has come."""

    OPEN = enum.auto()
    ENDED = enum.auto()
    TOO_LONG = enum.auto()


class IncomingHead:
    """
    The head of one request after the other; aiohttp has a bound for each field, and none for all.

    Empty lines before a request are passed over, as aiohttp does and RFC 9112 section 2.2 allows; they are
    part of its head, and counted.

    Args:
        most_bytes: of a head.

    Attributes:
        size_bytes: of the one that is open, so far; of the next, 0.
    """

    __slots__ = ("_has_begun", "_last", "_most_bytes", "_tail", "size_bytes")

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._has_begun = False
        self._tail = b""
        self._last = b""
        self.size_bytes = 0

    def receive(self, data: bytes) -> HeadState:
        """How far the head is with `data`, behind whose end something else may stand."""
        begin = 0 if self._has_begun else len(data) - len(data.lstrip(b"\r\n"))
        self._has_begun = self._has_begun or begin < len(data)
        end = (self._tail + data).find(_END, begin)
        size_bytes = self.size_bytes + (len(data) if end < 0 else end - len(self._tail))
        if size_bytes > self._most_bytes:
            return HeadState.TOO_LONG
        if end < 0:
            self.size_bytes = size_bytes
            self._tail = (self._tail + data)[-3:] if self._has_begun else b""
            return HeadState.OPEN
        is_whole = not self.size_bytes and end + len(_END) == len(data) <= REPEATED_HEAD_BYTES
        self._last = data if is_whole else b""
        self.size_bytes, self._tail, self._has_begun = 0, b"", False
        return HeadState.ENDED

    def is_repeated(self, data: bytes) -> bool:
        """Whether `data` is the last head once more, which came in one piece and with nothing behind it."""
        # it holds what its sender shows, and a proxy may have us compare it with what somebody else sends
        return 0 < len(data) == len(self._last) and hmac.compare_digest(data, self._last)
