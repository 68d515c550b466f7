"""Several parts of a file as one body."""

from collections.abc import Sequence
from dataclasses import dataclass

from doorward.doors.web.files.ranges import Part


@dataclass(frozen=True, slots=True)
class Multipart:
    """
    The body of an answer with several ranges.

    Attributes:
        content_type: of the answer as a whole.
        pieces: what is sent: heads of parts, and parts of the file.

    Source: RFC 9110 section 14.6.
    """

    content_type: str
    pieces: tuple[bytes | Part, ...]

    @property
    def size_bytes(self) -> int:
        """How long the body is."""
        return sum(len(piece) if isinstance(piece, bytes) else piece.size_bytes for piece in self.pieces)


def multipart(parts: Sequence[Part], *, kind: str, size_bytes: int, boundary: str) -> Multipart:
    """
    Put `parts` of a file of `size_bytes` and the type `kind` into one body.

    Args:
        parts: two or more.
        kind: the file's Content-Type.
        size_bytes: how long it is.
        boundary: nothing that the file can be foreseen to hold.
    """
    pieces: list[bytes | Part] = []
    for part in parts:
        head = (
            f"\r\n--{boundary}\r\nContent-Type: {kind}\r\n"
            f"Content-Range: {part.content_range(size_bytes)}\r\n\r\n"
        )
        pieces += [head.encode("ascii"), part]
    pieces.append(f"\r\n--{boundary}--\r\n".encode("ascii"))
    return Multipart(f"multipart/byteranges; boundary={boundary}", tuple(pieces))
