"""Requests that two servers could read in two ways: none of them is answered as one."""

from collections.abc import Iterator

import pytest

from doorward.core.limits import Limits
from tests.attacks.both_ways import LISTEN, config_for, connected
from tests.doors.daemon import Daemon, running
from tests.doors.web.house import CONFIG, asked, reply_of, request

HOST = "Host: 127.0.0.1"
POST = "POST / HTTP/1.1"
CHUNKED = "Transfer-Encoding: chunked"
SECOND = "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


def lines(*fields: str, first: str = "GET /healthz HTTP/1.1", rest: str = "") -> bytes:
    return ("\r\n".join([first, *fields]) + "\r\n\r\n" + rest).encode("latin-1")


MALFORMED = {
    "length and chunks": lines(HOST, "Content-Length: 5", CHUNKED, first=POST, rest=f"0\r\n\r\n{SECOND}"),
    "two lengths": lines(HOST, "Content-Length: 0", "Content-Length: 60", rest=SECOND),
    "two lengths in one": lines(HOST, "Content-Length: 0, 60", rest=SECOND),
    "a negative length": lines(HOST, "Content-Length: -1"),
    "a length with a sign": lines(HOST, "Content-Length: +0"),
    "no host": lines(),
    "two hosts": lines(HOST, "Host: evil.example"),
    "a blank before the colon": lines(HOST, "Content-Length : 0"),
    "a folded line": lines(HOST, "X-A: b", " c"),
    "a NUL": lines(HOST, "X-A: b\0c"),
    "a bare CR": lines(HOST, "X-A: b\rX-B: c"),
    "an unknown coding": lines(HOST, "Transfer-Encoding: xchunked", first=POST, rest="0\r\n\r\n"),
    "a chunk of no size": lines(HOST, CHUNKED, first=POST, rest="zz\r\n\r\n"),
    "too many fields": lines(HOST, *(f"X-{number}: a" for number in range(5000))),
    "no version": b"GET /healthz\r\n\r\n",
    "version 3": lines(HOST, first="GET /healthz HTTP/3.0"),
    "a blank in the path": lines(HOST, first="GET /heal thz HTTP/1.1"),
    "a method of other letters": lines(HOST, first="G\xc9T /healthz HTTP/1.1"),
}  # fmt: skip


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with running(tmp_path_factory.mktemp("malformed"), CONFIG) as started:
        yield started


@pytest.mark.parametrize("name", MALFORMED)
def test_it_is_refused_once_and_the_connection_ends(daemon: Daemon, name: str) -> None:
    reply = asked(daemon, MALFORMED[name])
    assert reply.status == 0 or 400 <= reply.status < 500, reply
    assert reply.body.count(b"HTTP/1.1") == 0
    assert b"ok\n" not in reply.body


def test_the_log_tells_of_them_in_a_line_and_shows_no_control_character(daemon: Daemon) -> None:
    asked(daemon, lines(HOST, "X-A\x1b[31m: b"))
    assert asked(daemon, request("/healthz")).status == 200
    assert "Traceback" not in daemon.log
    assert "\x1b" not in daemon.log


@pytest.fixture(scope="module", params=LISTEN)
def either(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with running(tmp_path_factory.mktemp("giant"), config_for(request.param)) as started:
        yield started


EMPTY_LINES = {"none": b"", "one": b"\r\n", "two": b"\r\n\r\n", "many": b"\r\n" * 100, "of LF alone": b"\n\n"}


@pytest.mark.parametrize("name", EMPTY_LINES)
def test_a_giant_head_is_cut_whatever_empty_lines_stand_before_it(either: Daemon, name: str) -> None:
    fields = [f"X-{number}: {'a' * 7000}" for number in range(60)]
    giant = EMPTY_LINES[name] + lines(HOST, *fields)
    assert len(giant) > 20 * Limits().http_head_bytes
    with connected(either) as peer:
        try:
            peer.sendall(EMPTY_LINES[name])
            for at in range(0, len(giant), 4000):
                peer.sendall(giant[at : at + 4000])
        except OSError:
            pass  # it was cut meanwhile
        assert reply_of(peer).status == 0


def test_empty_lines_before_a_request_that_is_short_do_no_harm(either: Daemon) -> None:
    with connected(either) as peer:
        peer.sendall(b"\r\n\r\n" + request("/healthz"))
        assert reply_of(peer).status == 200
