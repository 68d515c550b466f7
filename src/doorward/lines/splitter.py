"""Bytes in any pieces to lines and counted blocks, in linear time and bounded memory."""

from typing import NoReturn

from doorward.core.errors import LineTooLong


class Splitter:
    """
    Takes bytes as they come and hands them out as lines, or as blocks of a known length.

    It holds what it was given until it is taken: whoever feeds it stops while it is not emptied.

    Attributes:
        held_bytes: how much it holds.
    """

    __slots__ = ("_buffer", "_line", "_searched_bytes", "held_bytes")

    def __init__(self) -> None:
        self._buffer = bytearray()
        # no LF stands before this place: each byte is looked at once, however small the pieces
        self._searched_bytes = 0
        # a line with its LF that came alone, the usual case, is not copied into the buffer and out again
        self._line = b""
        self.held_bytes = 0

    def receive_data(self, data: bytes) -> None:
        """Take in bytes that came."""
        size_bytes = len(data)
        if not self.held_bytes and data.find(b"\n") == size_bytes - 1:
            self._line = data
        else:
            self._fill_buffer()
            self._buffer += data
        self.held_bytes += size_bytes

    def take_line(self, most_bytes: int) -> bytes | None:
        """
        Take the oldest complete line.

        Returns:
            The line without its LF or CRLF, at most `most_bytes` bytes; None until an LF has arrived.

        Raises:
            LineTooLong: the line has more bytes than `most_bytes`, whether its ending has come or not.
                Nothing is held any more, and the peer can only be closed.

        Source: RFC 5321 section 4.5.3.1.4 counts the ending; we do not.
        """
        line = self.take_to_lf(most_bytes)
        if line is None:
            return None
        if line[-1:] == b"\r":
            line = line[:-1]
        if len(line) > most_bytes:
            self._give_up(most_bytes)
        return line

    def take_to_lf(self, most_bytes: int) -> bytes | None:
        """
        Take the oldest bytes up to an LF, for a line that may end in no CRLF.

        Returns:
            All before the LF, a CR as well, and however much it is; None until an LF has arrived.

        Raises:
            LineTooLong: as `take_line`, but only while the LF has not arrived.
        """
        if not self.held_bytes:
            return None
        if self._line:
            line, self._line, self.held_bytes = self._line[:-1], b"", 0
            return line
        buffer = self._buffer
        end = buffer.find(b"\n", self._searched_bytes)
        if end < 0:
            self._searched_bytes = len(buffer)
            if len(buffer) > most_bytes:
                self._check_open_line(most_bytes)
            return None
        line = bytes(buffer[:end])
        del buffer[: end + 1]
        self._searched_bytes = 0
        self.held_bytes -= end + 1
        return line

    def take_block(self, length_bytes: int) -> bytes | None:
        """Take exactly `length_bytes` bytes; None until that many have arrived."""
        self._fill_buffer()
        if self.held_bytes < length_bytes:
            return None
        block = bytes(self._buffer[:length_bytes])
        del self._buffer[:length_bytes]
        self._searched_bytes = 0
        self.held_bytes -= length_bytes
        return block

    def take_all(self) -> bytes:
        """Take whatever is there; empty when nothing is."""
        self._fill_buffer()
        block = bytes(self._buffer)
        self.clear()
        return block

    def clear(self) -> None:
        """Forget what is held."""
        self._buffer.clear()
        self._line = b""
        self._searched_bytes = 0
        self.held_bytes = 0

    def _fill_buffer(self) -> None:
        if self._line:
            self._buffer += self._line
            self._line = b""

    def _check_open_line(self, most_bytes: int) -> None:
        # a CR at the end may yet turn out to be part of the ending
        if len(self._buffer) > most_bytes + 1 or not self._buffer.endswith(b"\r"):
            self._give_up(most_bytes)

    def _give_up(self, most_bytes: int) -> NoReturn:
        self.clear()
        raise LineTooLong(f"no line ending within {most_bytes} bytes")
