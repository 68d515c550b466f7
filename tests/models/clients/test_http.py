"""GET over a bare socket, and a real client beside it, at a server with redirects, chunks and errors."""

import threading
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.error import HTTPError

import pytest

from doorward.models.clients.http import Bare, get_blocking, get_nonblocking

PAGE = b"the page\n"


class Site(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        match self.path:
            case "/moved":
                self.send_response(301)
                self.send_header("Location", "/page")
                self.send_header("Content-Length", "0")
                self.end_headers()
            case "/chunks":
                self.send_response(200)
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                self.wfile.write(b"4\r\nthe \r\n5\r\npage\n\r\n0\r\n\r\n")
            case "/page":
                self.send_response(200)
                self.send_header("Content-Length", str(len(PAGE)))
                self.end_headers()
                self.wfile.write(PAGE)
            case _:
                self.send_error(404)

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


Get = Callable[[str, int, str], Bare]
both = pytest.mark.parametrize("get", [get_blocking, get_nonblocking])


def real(port: int, path: str) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        body: bytes = answer.read()
        return body


@both
def test_a_plain_page_is_all_that_a_bare_socket_gets_right(get: Get, port: int) -> None:
    found = get("127.0.0.1", port, "/page")
    assert (found.status, found.body) == (200, PAGE)
    assert real(port, "/page") == PAGE


@both
def test_a_redirect_is_an_answer_here_and_followed_by_a_real_client(get: Get, port: int) -> None:
    found = get("127.0.0.1", port, "/moved")
    assert (found.status, found.body) == (301, b"")
    assert b"Location: /page" in found.head
    assert real(port, "/moved") == PAGE


@both
def test_chunks_stand_in_the_body_here_and_are_joined_by_a_real_client(get: Get, port: int) -> None:
    found = get("127.0.0.1", port, "/chunks")
    assert found.body == b"4\r\nthe \r\n5\r\npage\n\r\n0\r\n\r\n"
    assert real(port, "/chunks") == PAGE


@both
def test_an_error_is_a_page_here_and_an_error_of_a_real_client(get: Get, port: int) -> None:
    found = get("127.0.0.1", port, "/nothing")
    assert found.status == 404
    assert b"Error code: 404" in found.body
    with pytest.raises(HTTPError) as raised:
        real(port, "/nothing")
    raised.value.close()


@both
def test_a_path_that_would_add_a_header_is_not_sent(get: Get, port: int) -> None:
    with pytest.raises(ValueError, match="no host or path"):
        get("127.0.0.1", port, "/page\r\nCookie: x")
