"""Answers whose head is made beforehand, and whose body is there: both go out in one piece."""

from collections.abc import Callable, Mapping
from http import HTTPStatus

from doorward.doors.web.headed import Again, HeadedAnswer
from doorward.doors.web.heads import DATE, ended, open_head
from doorward.doors.web.safety import ENCRYPTED_HEADERS, SAFE_HEADERS


class OpenedHead:
    """
    The head of answers of one kind, one for browsers that come encrypted and one for others.

    Args:
        content_type: with its parameters.
    """

    def __init__(self, content_type: str) -> None:
        def opened(headers: Mapping[str, str]) -> bytes:
            head = open_head(HTTPStatus.OK, [("Content-Type", content_type), *headers.items()])
            return head.removesuffix(DATE) + b"\r\nContent-Length: "

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
        again: gives the body for the same request of the same caller; None when it cannot be given again.
    """

    def __init__(
        self, opened_head: bytes, body: bytes, *, again: Callable[[], bytes | None] | None = None
    ) -> None:
        super().__init__()
        self._opened_head = opened_head
        self._whole_body = body
        self._again = again

    def again(self, *, is_head: bool) -> Again | None:
        if (again := self._again) is None:
            return None
        opened_head = self._opened_head

        def whole() -> bytes | None:
            if (body := again()) is None:
                return None
            head = ended(_sized(opened_head, body), keeps_alive=True, is_http_1_0=False)
            return head if is_head else head + body

        return whole

    async def write_eof(self, data: bytes = b"") -> None:
        request, writer = self._req, self._payload_writer
        if self._eof_sent or request is None or writer is None:
            return
        head = self._ended(_sized(self._opened_head, self._whole_body), request)
        body = b"" if request.method == "HEAD" else self._whole_body
        self._finish(len(body))
        await writer.write(head + body)


def _sized(opened_head: bytes, body: bytes) -> bytes:
    return b"%b%d%b" % (opened_head, len(body), DATE)
