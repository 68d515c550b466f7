"""Answers whose heads we write, and not aiohttp: the one place that knows how it keeps an answer."""

from collections.abc import Callable

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import HttpVersion10

from doorward.doors.web.heads import ended

Again = Callable[[], bytes | None]
"""
Answers the same once more, at once: gives what is to be written, of head and all; None when it takes more.

Who gives less than a whole answer has sent the rest of it already.
"""


class HeadedAnswer(web.StreamResponse):
    """
    An answer whose head is bytes as `open_head` makes them; whoever inherits sends it in `write_eof`.

    aiohttp keeps a head as a table, fills in what is missing and writes it line by line: for a small answer
    that takes as long as all that it does beside. What it wants of an answer is kept: whether the connection
    goes on, and how much was sent.
    """

    def again(self, *, is_head: bool) -> Again | None:
        """
        What answers the same request once more; None when nothing does.

        Args:
            is_head: the head is all that is asked for.
        """
        return None

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        if self._eof_sent or self._payload_writer is not None:
            return self._payload_writer
        if self._keep_alive is None:
            self._keep_alive = request.keep_alive
        self._req = request
        self._payload_writer = request.writer
        return self._payload_writer

    def _ended(self, opened_head: bytes, request: web.BaseRequest) -> bytes:
        """The whole head, as it fits what becomes of the connection."""
        return ended(
            opened_head,
            keeps_alive=bool(self._keep_alive),
            is_http_1_0=request.version <= HttpVersion10,
        )

    def _finish(self, body_bytes: int) -> None:
        """Let aiohttp know that the answer is over, after so much beside its head."""
        self._eof_sent = True
        self._body_length = body_bytes
        self._req = self._payload_writer = None
