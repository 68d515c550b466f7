"""Server-Sent Events without I/O: bytes in, events out."""

import re
from dataclasses import dataclass

from doorward.core.errors import ProtocolError

EVENT_BYTES = 1024 * 1024
"""The most that one event may have: the API's have at most 64 KiB of output, as JSON or base64."""

_LINE_END = re.compile(rb"\r\n|\n|\r")
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """
    One event.

    Attributes:
        kind: its type, `message` where none was given.
        data: its lines, joined.
        last_id: the last `id` of the stream so far; empty for none.
    """

    kind: str
    data: str
    last_id: str


class EventReader:
    """
    Reads the events of one stream.

    Args:
        most_bytes: of one event.

    Source: the HTML standard, section 9.2.6, "Interpreting an event stream".
    """

    def __init__(self, most_bytes: int = EVENT_BYTES) -> None:
        self._most_bytes = most_bytes
        self._held_bytes = 0
        self._line: list[bytes] = []
        self._ended_in_cr = False
        self._is_begun = False
        self._kind = ""
        self._data: list[str] = []
        self._last_id = ""

    def receive_data(self, data: bytes) -> list[ServerEvent]:
        """
        Take in what came; returns the events that are complete with it.

        Raises:
            ProtocolError: one event is longer than the limit; nothing can be read any more.
        """
        if not data:
            return []
        if self._ended_in_cr and data.startswith(b"\n"):
            data = data[1:]
        self._ended_in_cr = data.endswith(b"\r")
        events = []
        *lines, rest = _LINE_END.split(data)
        for line in lines:
            self._hold(line)
            if (event := self._take_line()) is not None:
                events.append(event)
        self._hold(rest)
        return events

    def _hold(self, piece: bytes) -> None:
        self._held_bytes += len(piece)
        if self._held_bytes > self._most_bytes:
            raise ProtocolError(f"an event of more than {self._most_bytes} bytes")
        if piece:
            self._line.append(piece)

    def _take_line(self) -> ServerEvent | None:
        line = b"".join(self._line)
        self._line.clear()
        if not self._is_begun:
            self._is_begun = True
            line = line.removeprefix(_BOM)
        if not line:
            return self._dispatch()
        name, _, value = line.decode("utf-8", "replace").partition(":")
        self._take_field(name, value.removeprefix(" "))
        return None

    def _take_field(self, name: str, value: str) -> None:
        match name:
            case "event":
                self._kind = value
            case "data":
                self._data.append(value)
            case "id" if "\0" not in value:
                self._last_id = value
            case "":
                # a comment, which is no part of an event
                if not self._data:
                    self._held_bytes = 0
            case _:
                pass

    def _dispatch(self) -> ServerEvent | None:
        kind, data = self._kind or "message", self._data
        self._kind, self._data, self._held_bytes = "", [], 0
        return ServerEvent(kind, "\n".join(data), self._last_id) if data else None
