"""One question of the text protocol, seen from who asks, without I/O."""

GREETING = b"What can I do for you?\n"
READ_BYTES = 64 * 1024
ANSWER_BYTES = 1024 * 1024


class Question:
    """
    A line to be asked, and what comes back.

    Attributes:
        is_over: the answer is complete: the server has closed, or greeted again.
    """

    def __init__(self, line: str) -> None:
        self._unsent = line.encode() + b"\n"
        self._heard = bytearray()
        self._is_asked = False
        self.is_over = False

    def bytes_to_send(self) -> bytes:
        """The line, once the server has greeted; empty before, and after it was taken."""
        if self._is_asked or not self._heard.startswith(GREETING):
            return b""
        self._is_asked = True
        return self._unsent

    def receive_data(self, data: bytes) -> None:
        """
        Take in what the server sent; no bytes are its end.

        Raises:
            ValueError: it says too much, or ended before it was asked.
        """
        self._heard += data
        if len(self._heard) > ANSWER_BYTES:
            raise ValueError(f"an answer of more than {ANSWER_BYTES} bytes")
        if not data and not self._is_asked:
            raise ValueError("the server closed before it was asked")
        has_greeted_again = self._is_asked and self._heard[len(GREETING) :].endswith(GREETING)
        self.is_over = not data or has_greeted_again

    @property
    def answer(self) -> bytes:
        """What the server answered so far."""
        return bytes(self._heard.removeprefix(GREETING)).removesuffix(GREETING)
