"""Bytes in any pieces to lines and counted blocks, in linear time and bounded memory."""

from doorward.core.errors import LineTooLong


class Splitter:
    """
    Takes bytes as they come and hands them out as lines, or as blocks of a known length.

    It holds what it was given until it is taken: whoever feeds it stops while it is not emptied.
    """

    __slots__ = ("_buffer", "_searched_bytes")

    def __init__(self) -> None:
        self._buffer = bytearray()
        # no LF stands before this place: each byte is looked at once, however small the pieces
        self._searched_bytes = 0

    def __len__(self) -> int:
        return len(self._buffer)

    def receive_data(self, data: bytes) -> None:
        """Take in bytes that came."""
        self._buffer += data

    def take_line(self, most_bytes: int) -> bytes | None:
        """
        Take the oldest complete line.

        Returns:
            The line without its LF or CRLF, at most `most_bytes` bytes; None until an LF has arrived.

        Raises:
            LineTooLong: `most_bytes` bytes held no LF. Nothing is held any more, and the peer can only be
                closed.

        Source: RFC 5321 section 4.5.3.1.4 counts the ending; we do not.
        """
        end = self._buffer.find(b"\n", self._searched_bytes)
        # the ending may take two bytes more
        if end > most_bytes + 1 or (end < 0 and len(self._buffer) > most_bytes + 1):
            self.clear()
            raise LineTooLong(f"no line ending within {most_bytes} bytes")
        if end < 0:
            self._searched_bytes = len(self._buffer)
            return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        self._searched_bytes = 0
        if line.endswith(b"\r"):
            line = line[:-1]
        if len(line) > most_bytes:
            self.clear()
            raise LineTooLong(f"no line ending within {most_bytes} bytes")
        return line

    def take_block(self, length_bytes: int) -> bytes | None:
        """Take exactly `length_bytes` bytes; None until that many have arrived."""
        if len(self._buffer) < length_bytes:
            return None
        block = bytes(self._buffer[:length_bytes])
        del self._buffer[:length_bytes]
        self._searched_bytes = 0
        return block

    def take_all(self) -> bytes:
        """Take whatever is there; empty when nothing is."""
        block = bytes(self._buffer)
        self.clear()
        return block

    def clear(self) -> None:
        """Forget what is held."""
        self._buffer.clear()
        self._searched_bytes = 0
