"""Answers whose head is made beforehand, and whose body is there: both go out in one piece."""

from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import HttpVersion10

from doorward.doors.web.files.heads import ended, open_head
from doorward.doors.web.safety import ENCRYPTED_HEADERS, SAFE_HEADERS

_DATE = b"\r\nDate: "


class OpenedHead:
    """
    The head of answers of one kind, one for browsers that come encrypted and one for others.

    Args:
        content_type: with its parameters.
    """

    def __init__(self, content_type: str) -> None:
        def opened(headers: Mapping[str, str]) -> bytes:
            head = open_head(HTTPStatus.OK, [("Content-Type", content_type), *headers.items()])
            return head.removesuffix(_DATE) + b"\r\nContent-Length: "

        self._heads = opened(SAFE_HEADERS), opened(ENCRYPTED_HEADERS)

    def for_request(self, *, is_secure: bool) -> bytes:
        """The one for a request."""
        return self._heads[is_secure]


class MadeAnswer(web.StreamResponse):
    """
    A good answer of which nothing is left to be decided.

    aiohttp keeps a head as a table, fills in what is missing and writes it line by line: for a small answer
    that takes as long as all that it does beside. What it wants of an answer is kept: whether the connection
    goes on, and how much was sent.

    Args:
        opened_head: safe for a browser, see `OpenedHead`.
        body: all of it.
    """

    def __init__(self, opened_head: bytes, body: bytes) -> None:
        super().__init__()
        self._opened_head = opened_head
        self._whole_body = body

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        if self._eof_sent or self._payload_writer is not None:
            return self._payload_writer
        if self._keep_alive is None:
            self._keep_alive = request.keep_alive
        self._req = request
        self._payload_writer = request.writer
        return self._payload_writer

    async def write_eof(self, data: bytes = b"") -> None:
        request, writer = self._req, self._payload_writer
        if self._eof_sent or request is None or writer is None:
            return
        body = self._whole_body
        head = ended(
            self._opened_head + b"%d" % len(body) + _DATE,
            keeps_alive=bool(self._keep_alive),
            is_http_1_0=request.version <= HttpVersion10,
        )
        self._eof_sent = True
        self._body_length = 0 if request.method == "HEAD" else len(body)
        self._req = self._payload_writer = None
        await writer.write(head if request.method == "HEAD" else head + body)
