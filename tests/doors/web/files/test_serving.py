"""Files as foreign clients get them."""

import asyncio
import gzip
import hashlib
import json
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from doorward.core.limits import Limits
from doorward.core.secret import Secret
from doorward.doors.web.files.alone import Asked, OneLogin
from tests.certificates import self_signed, server_context
from tests.doors.web.files.serving import Server, held_open, serving

pytestmark = pytest.mark.needs_program("curl", package="curl")

LARGE = 100 * 1024 * 1024


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    (folder / "a.txt").write_text("all of it\n")
    (folder / "empty").touch()
    (folder / "page.html").write_text("<p>page</p>\n")
    (folder / "sub").mkdir()
    (folder / "sub" / "index.html").write_text("<p>index</p>\n")
    (folder / "list").mkdir()
    (folder / "list" / "b.txt").write_text("b")
    return folder


@pytest_asyncio.fixture
async def server(root: Path) -> AsyncIterator[Server]:
    async with serving(root) as server:
        yield server


def make_large(root: Path, size_bytes: int = LARGE) -> str:
    """Make `large.bin` and give its SHA-256."""
    digest, seed = hashlib.sha256(), os.urandom(1024 * 1024)
    with (root / "large.bin").open("wb") as file:
        for number in range(size_bytes // len(seed)):
            piece = number.to_bytes(8, "big") + seed[8:]
            file.write(piece)
            digest.update(piece)
    return digest.hexdigest()


async def test_a_file_comes_whole_with_what_is_known_of_it(server: Server) -> None:
    answer = await server.curl("/a.txt")
    assert (answer.status, answer.body) == (200, b"all of it\n")
    assert answer.fields["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.fields["X-Content-Type-Options"] == "nosniff"
    assert answer.fields["Accept-Ranges"] == "bytes"
    assert {"ETag", "Last-Modified", "Date"} <= answer.fields.keys()


async def test_an_empty_file_is_empty(server: Server) -> None:
    answer = await server.curl("/empty")
    assert (answer.status, answer.fields["Content-Length"], answer.body) == (200, "0", b"")
    assert (await server.curl("/empty", "-r", "0-")).status == 200


async def test_head_has_the_head_of_get(server: Server) -> None:
    whole, head = await server.curl("/a.txt"), await server.curl("/a.txt", "-I")
    del whole.fields["Date"], head.fields["Date"]
    assert head.fields == whole.fields
    assert head.body == b""


async def test_what_the_client_has_is_not_sent_again(server: Server) -> None:
    answer = await server.curl("/a.txt")
    again = await server.curl("/a.txt", "-H", f"If-None-Match: {answer.fields['ETag']}")
    assert (again.status, again.body, again.fields["ETag"]) == (304, b"", answer.fields["ETag"])
    again = await server.curl("/a.txt", "-H", f"If-Modified-Since: {answer.fields['Last-Modified']}")
    assert again.status == 304
    assert (await server.curl("/a.txt", "-H", 'If-Match: "other"')).status == 412


async def test_a_changed_file_is_sent_as_it_is_now(server: Server, root: Path) -> None:
    before = await server.curl("/a.txt")
    await asyncio.to_thread((root / "a.txt").write_text, "something else\n")
    after = await server.curl("/a.txt", "-H", f"If-None-Match: {before.fields['ETag']}")
    assert (after.status, after.body) == (200, b"something else\n")
    part = await server.curl("/a.txt", "-r", "0-3", "-H", f"If-Range: {before.fields['ETag']}")
    assert (part.status, part.body) == (200, b"something else\n")
    await asyncio.to_thread((root / "a.txt").unlink)
    assert (await server.curl("/a.txt")).status == 404


async def test_parts_of_a_small_and_a_large_file(server: Server, root: Path) -> None:
    await asyncio.to_thread(make_large, root, 4 * 1024 * 1024)
    data = await asyncio.to_thread((root / "large.bin").read_bytes)
    for first, last in [(0, 0), (5, 9), (1_000_000, 3_999_999), (4_194_303, 4_194_303)]:
        answer = await server.curl("/large.bin", "-r", f"{first}-{last}")
        assert answer.status == 206
        assert answer.body == data[first : last + 1]
        assert answer.fields["Content-Range"] == f"bytes {first}-{last}/4194304"


async def test_a_folder_is_moved_to_with_its_slash_and_its_query(server: Server) -> None:
    answer = await server.curl("/sub?x=1")
    assert (answer.status, answer.fields["Location"]) == (301, "./sub/?x=1")
    answer = await server.curl("/sub?x=1", "-L")
    assert answer.body.endswith(b"<p>index</p>\n")


async def test_a_folder_is_listed_as_page_lines_and_json(server: Server) -> None:
    lines = await server.curl("/list/")
    assert lines.body.endswith(b"  b.txt\n")
    page = await server.curl("/list/", "-H", "Accept: text/html")
    assert b'<a href="./b.txt">b.txt</a>' in page.body
    assert "script" not in page.fields["Content-Security-Policy"]
    for options in (("/list/?json",), ("/list/", "-H", "Accept: application/json")):
        told = json.loads((await server.curl(*options)).body)
        assert [each["name"] for each in told["entries"]] == ["b.txt"]


async def test_a_folder_that_is_not_to_be_listed_is_not_there(root: Path) -> None:
    async with serving(root, lists=False) as server:
        assert (await server.curl("/list/")).status == 404
        assert (await server.curl("/sub/")).status == 200


async def test_nothing_can_be_written(server: Server) -> None:
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        answer = await server.curl("/a.txt", "-X", method)
        assert (answer.status, answer.fields["Allow"]) == (405, "GET, HEAD")


async def test_a_precompressed_copy_is_sent_to_whoever_takes_it(server: Server, root: Path) -> None:
    copy = gzip.compress(b"<p>page</p>\n")
    await asyncio.to_thread((root / "page.html.gz").write_bytes, copy)
    answer = await server.curl("/page.html", "-H", "Accept-Encoding: gzip")
    assert answer.body == copy
    assert answer.fields["Content-Encoding"] == "gzip"
    assert answer.fields["Content-Type"] == "text/html; charset=utf-8"
    plain = await server.curl("/page.html")
    assert plain.body == b"<p>page</p>\n"
    assert plain.fields["Vary"] == answer.fields["Vary"] == "Accept-Encoding"
    assert plain.fields["ETag"] != answer.fields["ETag"]


async def test_a_copy_that_is_older_than_its_file_is_left_out(server: Server, root: Path) -> None:
    await asyncio.to_thread((root / "page.html.gz").write_bytes, gzip.compress(b"old"))
    await asyncio.to_thread(os.utime, root / "page.html.gz", (1, 1))
    answer = await server.curl("/page.html", "-H", "Accept-Encoding: gzip")
    assert answer.body == b"<p>page</p>\n"
    assert "Content-Encoding" not in answer.fields


async def test_pages_of_a_folder_that_is_not_trusted_are_kept_apart(root: Path) -> None:
    await asyncio.to_thread((root / "app.js").write_text, "alert(1)")
    async with serving(root, is_trusted=False) as server:
        page = await server.curl("/page.html")
        assert page.fields["Content-Security-Policy"] == "sandbox"
        assert "Content-Security-Policy" not in (await server.curl("/a.txt")).fields
        assert (await server.curl("/app.js")).fields["Content-Security-Policy"] == "sandbox"
        assert (await server.curl("/app.js", "-H", "Sec-Fetch-Dest: script")).status == 403
        assert (await server.curl("/app.js", "-H", "Sec-Fetch-Dest: document")).status == 200


async def test_requests_that_come_together_are_answered_in_their_order(server: Server, root: Path) -> None:
    await asyncio.to_thread(make_large, root, 2 * 1024 * 1024)
    names = ["/a.txt", "/large.bin", "/page.html", "/nothing", "/a.txt"]
    requests = b"".join(f"GET {name} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode() for name in names)
    requests += b"HEAD /a.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    data = await server.say(requests)
    heads, rest = [], data
    while rest:
        head, _, rest = rest.partition(b"\r\n\r\n")
        heads.append(head)
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        rest = rest[length:] if len(heads) <= len(names) else rest
    assert [int(head.split()[1]) for head in heads] == [200, 200, 200, 404, 200, 200]
    assert heads[-1].endswith(b"\r\nConnection: close")


async def test_old_clients_keep_their_connection_when_they_ask_for_it(server: Server) -> None:
    kept = b"GET /a.txt HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n"
    data = await server.say(kept + b"GET /a.txt HTTP/1.0\r\nHost: localhost\r\n\r\n")
    assert data.count(b"all of it\n") == 2
    assert data.count(b"Connection: keep-alive") == 1


@pytest.mark.parametrize("loop", ["here"])
@pytest.mark.asyncio(loop_factories=["uvloop", "asyncio"])
async def test_a_large_file_comes_as_it_is(server: Server, root: Path, loop: str) -> None:
    digest = await asyncio.to_thread(make_large, root)
    answer = await server.curl("/large.bin")
    assert len(answer.body) == LARGE
    assert hashlib.sha256(answer.body).hexdigest() == digest


async def test_a_large_file_comes_encrypted_over_tls(root: Path, tmp_path: Path) -> None:
    digest = await asyncio.to_thread(make_large, root, 16 * 1024 * 1024)
    context = await asyncio.to_thread(lambda: server_context(self_signed(tmp_path, "localhost")))
    async with serving(root, context=context) as server:
        answer = await server.curl("/large.bin")
        assert hashlib.sha256(answer.body).hexdigest() == digest
        assert (await server.curl("/a.txt")).body == b"all of it\n"


async def test_sixty_four_get_theirs_at_once(server: Server, root: Path) -> None:
    digest = await asyncio.to_thread(make_large, root, 8 * 1024 * 1024)

    async def one() -> str:
        answer = await server.get("/large.bin")
        return hashlib.sha256(answer.body).hexdigest()

    assert set(await asyncio.gather(*(one() for _ in range(64)))) == {digest}


async def test_a_login_is_asked_for(root: Path) -> None:
    async with serving(root, login=OneLogin("alice", Secret("right"))) as server:
        refused = await server.curl("/a.txt")
        assert refused.status == 401
        assert refused.fields["WWW-Authenticate"].startswith("Basic ")
        assert (await server.curl("/a.txt", "-u", "alice:wrong")).status == 401
        assert (await server.curl("/a.txt", "-u", "bob:right")).status == 401
        assert (await server.curl("/a.txt", "-u", "alice:right")).body == b"all of it\n"


async def test_every_answer_is_told_of_in_one_printable_line(root: Path) -> None:
    told: list[Asked] = []
    async with serving(root, on_asked=told.append) as server:
        await server.curl("/a.txt")
        await server.curl("/%1b[31m")
        await server.get("/\x7f\u202e")
    assert [each.status for each in told] == [200, 404, 400]
    assert all((each.host + each.method + each.target).isprintable() for each in told)
    assert told[0].body_bytes == len("all of it\n")


def slow_socket(server: Server, path: str) -> socket.socket:
    """A peer that asks for `path`, and whose kernel takes little."""
    peer = socket.socket()
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    peer.connect(("127.0.0.1", server.port))
    peer.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return peer


def read_to_the_end(peer: socket.socket) -> tuple[int, bool]:
    """How much comes, and whether it ends with a reset."""
    peer.settimeout(20)
    count = 0
    while True:
        try:
            data = peer.recv(1024 * 1024)
        except ConnectionResetError:
            return count, True
        if not data:
            return count, False
        count += len(data)


def read_body(peer: socket.socket, size_bytes: int, *, begun: bytes = b"", at_once: int = 1 << 20) -> bytes:
    """Read an answer whose head comes with the first bytes, and give its body."""
    peer.settimeout(20)
    data = bytearray(begun or peer.recv(at_once))
    head_bytes = data.index(b"\r\n\r\n") + 4
    while len(data) < head_bytes + size_bytes:
        piece = peer.recv(at_once)
        assert piece, "it was cut"
        data += piece
    return bytes(data[head_bytes:])


async def test_a_peer_that_takes_nothing_is_given_up_and_holds_nobody_up(root: Path) -> None:
    await asyncio.to_thread(make_large, root)
    before = await held_open(root)
    given_up = asyncio.Queue[Asked]()
    limits = Limits(stalled_write_seconds=0.3)
    async with serving(root, limits=limits, on_asked=given_up.put_nowait) as server:
        peers = [await asyncio.to_thread(slow_socket, server, "/large.bin") for _ in range(20)]
        assert (await server.curl("/a.txt")).status == 200
        assert len((await server.curl("/large.bin")).body) == LARGE
        async with asyncio.timeout(20):
            told = [await given_up.get() for _ in range(22)]
        assert sorted(each.body_bytes < LARGE for each in told) == [False] + [True] * 21
        for peer in peers:
            peer.close()
    assert await held_open(root) == before


async def test_a_slow_reader_gets_all_of_it(root: Path) -> None:
    digest = await asyncio.to_thread(make_large, root, 4 * 1024 * 1024)

    def read_slowly(server: Server) -> str:
        with slow_socket(server, "/large.bin") as peer:
            return hashlib.sha256(read_body(peer, 4 * 1024 * 1024, at_once=32 * 1024)).hexdigest()

    async with serving(root, limits=Limits(stalled_write_seconds=2)) as server:
        assert await asyncio.to_thread(read_slowly, server) == digest


async def test_a_file_that_shrinks_while_it_is_sent_cuts_the_connection(server: Server, root: Path) -> None:
    await asyncio.to_thread(make_large, root)
    peer = await asyncio.to_thread(slow_socket, server, "/large.bin")
    with peer:
        await asyncio.to_thread(peer.recv, 1000)
        await asyncio.to_thread(os.truncate, root / "large.bin", 1024)
        count, _ = await asyncio.to_thread(read_to_the_end, peer)
    assert count < LARGE
    assert (await server.curl("/large.bin")).fields["Content-Length"] == "1024"


async def test_a_file_that_is_replaced_while_it_is_sent_comes_as_it_was(server: Server, root: Path) -> None:
    await asyncio.to_thread(make_large, root, 16 * 1024 * 1024)
    old = await asyncio.to_thread((root / "large.bin").read_bytes)
    peer = await asyncio.to_thread(slow_socket, server, "/large.bin")
    with peer:
        begun = await asyncio.to_thread(peer.recv, 1000)
        await asyncio.to_thread((root / "new.bin").write_bytes, b"new")
        await asyncio.to_thread(os.replace, root / "new.bin", root / "large.bin")
        assert await asyncio.to_thread(read_body, peer, len(old), begun=begun) == old
    assert (await server.curl("/large.bin")).body == b"new"


async def test_cut_connections_leave_no_descriptor(root: Path) -> None:
    await asyncio.to_thread(make_large, root, 32 * 1024 * 1024)
    before = await held_open(root)
    async with serving(root) as server:
        for path in ("/large.bin", "/a.txt", "/list/", "/nothing"):
            for _ in range(10):
                peer = await asyncio.to_thread(slow_socket, server, path)
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                peer.close()
        assert (await server.curl("/a.txt")).status == 200
    assert await held_open(root) == before
