"""Answers whose head is made beforehand, and whose body is there: both go out in one piece."""

from collections.abc import Mapping
from http import HTTPStatus

from doorward.doors.web.headed import HeadedAnswer
from doorward.doors.web.heads import open_head
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


class MadeAnswer(HeadedAnswer):
    """
    A good answer of which nothing is left to be decided.

    Args:
        opened_head: safe for a browser, see `OpenedHead`.
        body: all of it.
    """

    def __init__(self, opened_head: bytes, body: bytes) -> None:
        super().__init__()
        self._opened_head = opened_head
        self._whole_body = body

    async def write_eof(self, data: bytes = b"") -> None:
        request, writer = self._req, self._payload_writer
        if self._eof_sent or request is None or writer is None:
            return
        size_bytes = len(self._whole_body)
        head = self._ended(self._opened_head + b"%d" % size_bytes + _DATE, request)
        body = b"" if request.method == "HEAD" else self._whole_body
        self._finish(len(body))
        await writer.write(head + body)
