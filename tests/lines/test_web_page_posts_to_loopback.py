"""
A web page has its browser send to a line door on loopback what the page likes.

An HTTP request holds whole lines of the page's choice, and a TLS ClientHello a ticket of its server's.
"""

from collections.abc import Callable

import pytest

from doorward.core.errors import ProtocolError
from tests.lines.dialogue import HELLO, Dialogue, keep, once, one_by_one, session, whole

POST = (
    b"POST /x HTTP/1.1\r\nHost: 127.0.0.1:7022\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\ndf\n"
)
POST_OF_FRAMES = b"POST / HTTP/1.1\r\nContent-Length: 21\r\n\r\n" + HELLO + b"line 2\ndf"
CLIENT_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x07" * 32 + b"\x20\ndf\n" + b"\x07" * 28
CLIENT_HELLO_WITH_EARLY_LF = b"\x16\x03\x01\x02\n\ndf\n"


def login() -> Dialogue:
    return Dialogue(session=session(keep=True, login=True))


@pytest.mark.parametrize("door", [once, keep, login])
@pytest.mark.parametrize("pieces_of", [whole, one_by_one])
@pytest.mark.parametrize(
    "request_bytes",
    [
        POST,
        POST_OF_FRAMES,
        b"GET /df HTTP/1.1\r\n\r\ndf\n",
        b"GET / HTTP/1.0\n\ndf\n",
        b"OPTIONS * HTTP/1.1\r\n\r\n",
        b"df HTTP/1.1\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\ndf\n",
        b"HELP sip:x SIP/2.0\r\ndf\r\n",
        b"POST /" + b"x" * 9000 + b" HTTP/1.1\r\n\r\ndf\n",
        CLIENT_HELLO,
        CLIENT_HELLO_WITH_EARLY_LF,
    ],
)
def test_a_browser_is_closed_and_nothing_is_run(
    door: Callable[[], Dialogue], pieces_of: Callable[[bytes], list[bytes]], request_bytes: bytes
) -> None:
    peer = door()
    greeting = bytes(peer.said)
    with pytest.raises(ProtocolError):
        peer.send(*pieces_of(request_bytes))
    assert peer.is_over()
    assert peer.send(b"df\n") == b""
    assert peer.heard == []
    assert peer.said == greeting
    assert peer.session._splitter.held_bytes == 0


def test_a_first_line_may_speak_of_http() -> None:
    for line in (b"fetch HTTP/1.1x", b"HTTP/1.1", b"echo HTTP/2", b"echo x HTTP/1."):
        peer = once()
        assert peer.send(line + b"\n") == b"I did not understand.\n"


def test_only_the_first_line_is_looked_at() -> None:
    peer = keep()
    peer.send(b"df\n")
    peer.send(b"echo HTTP/1.1\n")
    assert peer.lines == ["df", "echo HTTP/1.1"]
    assert not peer.is_over()
