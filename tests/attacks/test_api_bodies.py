"""Bodies that mean harm: enormous, nested without end, half sent, with names that are lines of headers."""

from collections.abc import Iterator

import pytest

from doorward.core.limits import Limits
from tests.attacks.api_house import CONFIG, dialled, hear_until
from tests.doors.daemon import Daemon, running
from tests.doors.web_api.calls import Program, basic

POSTED = "/api/v1/commands/greet/runs"
JSON = {"Content-Type": "application/json"}
GROWN_BYTES = 48 * 1024 * 1024


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with running(tmp_path_factory.mktemp("bodies"), CONFIG) as started:
        yield started


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 1_000_000,
        b'{"parameters": ' * 100_000,
        b'{"parameters": {"name": ' + b"[" * 900_000 + b"]" * 900_000 + b"}}",
        b'{"parameters": {"name": ' + b'{"a":' * 300_000,
        b'{"parameters": {"name": "' + b"x" * 2_000_000 + b'"}}',
        b'{"parameters": {"times": ' + b"9" * 2_000_000 + b"}}",
        b'{"parameters": {"' + b"x" * 2_000_000 + b'": 1}}',
        b'{"' + b"x" * 2_000_000 + b'": 1}',
        b'{"parameters": {' + b",".join(b'"%d":1' % number for number in range(150_000)) + b"}}",
        b'{"input": "' + b"\\u0000" * 300_000 + b'"}',
    ],
    ids=lambda body: body[:24].decode(),
)
def test_json_without_end_is_a_problem_like_any_other(daemon: Daemon, body: bytes) -> None:
    before = daemon.forget_peak_memory()
    heard = Program(daemon).call("POST", POSTED, body=body, headers=JSON)
    assert heard.status in {400, 422}
    assert len(heard.body) < 40_000_000
    assert heard.headers["content-type"] == "application/problem+json"
    assert daemon.memory_bytes("VmHWM") - before < GROWN_BYTES
    assert "Traceback" not in daemon.log


def test_a_body_beyond_the_limit_is_not_read(daemon: Daemon) -> None:
    most_bytes = Limits().http_body_bytes
    with dialled(daemon) as peer:
        head = f"POST {POSTED} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {basic('alice')}\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {most_bytes + 1}\r\n\r\n"
        peer.sendall(head.encode())
        # not one byte of it was sent
        heard = hear_until(peer, b"}\n")
    assert heard.startswith(b"HTTP/1.1 413 ")
    assert f'"the body is more than {most_bytes} bytes"'.encode() in heard


def test_a_body_in_chunks_beyond_the_limit_is_cut_off(daemon: Daemon) -> None:
    with dialled(daemon) as peer:
        head = f"POST {POSTED} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {basic('alice')}\r\n"
        peer.sendall(f"{head}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        chunk = b"%x\r\n%b\r\n" % (65536, b" " * 65536)
        for _ in range(Limits().http_body_bytes // 65536 + 1):
            peer.sendall(chunk)
        assert hear_until(peer, b"\r\n\r\n").startswith(b"HTTP/1.1 413 ")


INJECTED = "a\r\nSet-Cookie: x=1\r\n\r\n<script>"


def test_nothing_that_is_said_becomes_a_header(daemon: Daemon) -> None:
    alice = Program(daemon)
    quoted = "a%0d%0aSet-Cookie:%20x=1"
    for heard in (
        alice.get(f"/api/v1/commands/{quoted}"),
        alice.get(f"/api/v1/runs/1/output?offset={quoted}"),
        alice.get(f"/api/v1/{quoted}"),
        alice.post(f"/api/v1/commands/{quoted}/runs"),
        alice.post(POSTED, {"parameters": {"name": INJECTED}}),
        alice.post(POSTED, {"parameters": {INJECTED: 1}}),
        alice.post("/api/v1/runs", {"line": INJECTED}),
        alice.post("/api/v1/runs", {"line": "echo " + INJECTED.replace("\r\n", " ")}),
    ):
        assert "set-cookie" not in heard.headers
        assert heard.headers["x-content-type-options"] == "nosniff"
        assert "html" not in heard.headers["content-type"]


def test_output_is_text_whatever_it_looks_like(daemon: Daemon) -> None:
    alice = Program(daemon)
    run = alice.ended("copy", {"input": "<script>alert(1)</script>"})
    heard = alice.get(f"/api/v1/runs/{run['run']}/output", Accept="text/html")
    assert heard.text == "<script>alert(1)</script>"
    assert heard.headers["content-type"] == "text/plain; charset=utf-8"
    assert heard.headers["x-content-type-options"] == "nosniff"


def test_half_a_body_runs_nothing(daemon: Daemon) -> None:
    before = len(Program(daemon, "root").get("/api/v1/runs").json["runs"])
    body = b'{"parameters": {"name": "a"}}'
    with dialled(daemon) as peer:
        head = f"POST {POSTED} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {basic('alice')}\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body) + 1}\r\n\r\n"
        peer.sendall(head.encode() + body)
    assert len(Program(daemon, "root").get("/api/v1/runs").json["runs"]) == before


def test_headers_that_are_no_utf8_are_like_others_that_are_wrong(daemon: Daemon) -> None:
    head = f"GET /api/v1/whoami HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {basic('alice')}\r\n\r\n"
    good = head.encode()
    bad = good.replace(b"Basic ", b"Basic \xe9\xff")
    with dialled(daemon) as peer:
        for request, status in ((good, b"200"), (bad, b"401"), (good, b"200")):
            peer.sendall(request)
            assert hear_until(peer, b"}\n").startswith(b"HTTP/1.1 " + status)
    odd = good.replace(b"Host:", b"X-CSRF-Token: \xe9\r\nLast-Event-ID: \xe9\r\nAccept: \xe9\r\nHost:")
    with dialled(daemon) as peer:
        peer.sendall(odd.replace(b"/whoami", b"/runs/1/events?offset=%ff&wait=%e9"))
        assert hear_until(peer, b"}\n").startswith(b"HTTP/1.1 422 ")
    assert "Traceback" not in daemon.log
