"""Output as Server-Sent Events, each with the offset behind it, to go on from; pure."""

from collections.abc import Mapping

import msgspec

from doorward.core.launch import Stream
from doorward.doors.web.api.json_answers import text_or_base64
from doorward.doors.web.queries import LAST_EVENT
from doorward.doors.web.server_sent import server_sent

EVENT_BYTES = 64 * 1024
"""The most output of one event, beside the rest of a character: a function may say a lot at once."""

_CHARACTER_BYTES = 4

_NAMES = {Stream.OUT: "out", Stream.ERR: "err"}


class Events:
    """
    The events of one stream.

    The bytes of a character may come apart: those that begin one wait for the rest of it, unless something
    else comes first. What an event says is UTF-8 then, or bytes that never were.

    Args:
        offset_bytes: behind which the stream begins, both streams of the run counted.

    Source: the HTML Standard, section 9.2.
    """

    __slots__ = ("_held", "_held_of", "_offset_bytes")

    def __init__(self, *, offset_bytes: int) -> None:
        self._offset_bytes = offset_bytes
        self._held = b""
        self._held_of = Stream.OUT

    def output(self, stream: Stream, data: bytes) -> bytes:
        """The events that tell of `data`, of at most `EVENT_BYTES` of it each; empty while it waits."""
        starts = range(0, len(data), EVENT_BYTES)
        return b"".join(self._output(stream, data[start : start + EVENT_BYTES]) for start in starts)

    def end(self, run: Mapping[str, object] | None) -> bytes:
        """The last event: `run` as it ended."""
        return self._rest() + _lines("end", LAST_EVENT, run)

    def _output(self, stream: Stream, data: bytes) -> bytes:
        said = b""
        if self._held and self._held_of is not stream:
            said = self._rest()
        data, self._held = self._held + data, b""
        if held_bytes := unfinished_bytes(data):
            data, self._held, self._held_of = data[:-held_bytes], data[-held_bytes:], stream
        return said + (self._event(stream, data) if data else b"")

    def _rest(self) -> bytes:
        held, self._held = self._held, b""
        return self._event(self._held_of, held) if held else b""

    def _event(self, stream: Stream, data: bytes) -> bytes:
        self._offset_bytes += len(data)
        members = text_or_base64(data, text="text", base64="base64")
        return _lines(_NAMES[stream], str(self._offset_bytes), members)


def unfinished_bytes(data: bytes) -> int:
    """How many bytes at the end of `data` begin a character of UTF-8 that is not all there; at most 3."""
    for back in range(1, min(_CHARACTER_BYTES, len(data) + 1)):
        byte = data[-back]
        if byte & 0b1100_0000 != 0b1000_0000:
            wanted = 4 if byte >= 0xF0 else 3 if byte >= 0xE0 else 2 if byte >= 0xC2 else 1
            return back if back < wanted and byte < 0xF5 else 0
    return 0


def _lines(name: str, event_id: str, members: object) -> bytes:
    # no line ending stands in JSON as it is encoded here
    return server_sent(msgspec.json.encode(members), name=name, event_id=event_id)
