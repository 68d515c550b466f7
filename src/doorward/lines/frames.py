"""
Frames: a header line `KIND LENGTH`, then LENGTH bytes of content.

The peer's kinds are `line`, `in`, `eof`, `cancel`; the server's `ready`, `login`, `run`, `out`, `err`, `end`.
"""

import enum
import json
import re
from collections.abc import Iterator, Mapping
from typing import Generic, NamedTuple, TypeVar

from doorward.core.errors import BadFrame, LineTooLong
from doorward.lines.splitter import Splitter

HELLO = b"doorward/1"
"""The first line of a peer that wants frames."""

FRAME_BYTES = 64 * 1024
"""What every side of the protocol takes in one frame, and the most that one may send."""

WITHOUT_NAME = "password"
WITH_NAME = "user password"
"""What a `login` frame says: which of the two the server wants on the line that logs in."""

_HEADER_BYTES = 32
_HEADER = re.compile(rb"([a-z]{1,16}) (0|[1-9][0-9]{0,9})")


class PeerFrame(enum.Enum):
    """What a peer may send."""

    LINE = "line"
    IN = "in"
    EOF = "eof"
    CANCEL = "cancel"


class ServerFrame(enum.Enum):
    """What a server may send."""

    READY = "ready"
    LOGIN = "login"
    RUN = "run"
    OUT = "out"
    ERR = "err"
    END = "end"


KindT = TypeVar("KindT", PeerFrame, ServerFrame)


class Frame(NamedTuple, Generic[KindT]):
    """One frame: its kind and its content."""

    kind: KindT
    content: bytes


class FrameReader(Generic[KindT]):
    """Takes frames of one side's kinds out of a splitter."""

    __slots__ = ("_kind", "_kinds", "_length_bytes", "_most_bytes")

    def __init__(self, kinds: type[KindT], *, most_bytes: int) -> None:
        self._kinds: dict[str, KindT] = {kind.value: kind for kind in kinds}
        self._most_bytes = most_bytes
        self._kind: KindT | None = None
        self._length_bytes = 0

    def take_frame(self, splitter: Splitter) -> Frame[KindT] | None:
        """
        Take the oldest complete frame; None until it is complete.

        Raises:
            BadFrame: no header, a kind that the other side does not send, or more content than allowed.
        """
        if self._kind is None and not self._take_header(splitter):
            return None
        content = splitter.take_block(self._length_bytes)
        if content is None or self._kind is None:
            return None
        kind, self._kind = self._kind, None
        return Frame(kind, content)

    def _take_header(self, splitter: Splitter) -> bool:
        try:
            # a header ends in LF alone: what has two spellings is read in two ways sooner or later
            line = splitter.take_to_lf(_HEADER_BYTES)
        except LineTooLong as error:
            raise BadFrame("no frame header") from error
        if line is None:
            return False
        match = _HEADER.fullmatch(line)
        kind = self._kinds.get(match[1].decode("ascii")) if match else None
        if match is None or kind is None:
            raise BadFrame("no frame header")
        if int(match[2]) > self._most_bytes:
            raise BadFrame(f"a frame of more than {self._most_bytes} bytes")
        self._kind, self._length_bytes = kind, int(match[2])
        return True


def encode_frame(kind: PeerFrame | ServerFrame, content: bytes = b"") -> bytes:
    """One frame; `content` is at most what the other side allows."""
    return b"%b %d\n%b" % (kind.value.encode("ascii"), len(content), content)


def encode_frames(kind: PeerFrame | ServerFrame, content: bytes, *, most_bytes: int) -> Iterator[bytes]:
    """`content` in as many frames as it takes; none for nothing."""
    for start in range(0, len(content), most_bytes):
        yield encode_frame(kind, content[start : start + most_bytes])


def encode_json(kind: ServerFrame, members: Mapping[str, object]) -> bytes:
    """A frame whose content is a JSON object in UTF-8."""
    return encode_frame(kind, json.dumps(members, separators=(",", ":")).encode())


def decode_json(content: bytes) -> dict[str, object]:
    """
    The JSON object that is a frame's content.

    Raises:
        BadFrame: it is none.
    """
    try:
        # from bytes, the library would guess at UTF-16 as well
        members = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise BadFrame("content that is no JSON") from error
    if not isinstance(members, dict):
        raise BadFrame("content that is no JSON object")
    return members
