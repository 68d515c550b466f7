"""A server that is fetched from does all it can: what comes is whole, or a line says why it is not."""

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import brotli
import pytest
from backports import zstd

import doorward
from doorward.clients.fetch.options import FetchOptions
from doorward.compose.fetching import FetchSession
from doorward.core.errors import ConnectError
from doorward.core.fetching import FetchRequest, Interrupted, OutOfTime, TooLong
from tests.fetch_servers import Connection, ScriptedServer, answer, echo, scripted

BOUND_SECONDS = 25.0
MIB = 1024 * 1024

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


async def error_of(url: str, **options: object) -> ConnectError:
    """The error of a fetch, which comes soon."""
    async with asyncio.timeout(BOUND_SECONDS):
        with pytest.raises(ConnectError) as caught:
            await doorward.fetch(url, retries=0, **options)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("said", "phase", "problem"),
    [
        (b"", "wait", "the server closed the connection"),
        (b"HTTP/1.1 200 OK\r\nContent-", "wait", "the server closed the connection"),
        (HEAD + b"half", "read", "the body broke off before its end"),
        (CHUNKED + b"5\r\nhello\r\n", "read", "the body broke off before its end"),
        (CHUNKED + b"5\r\nhello\r\nzz\r\n", "read", "broke off|no HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", "read", "no HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello", "read", "no HTTP"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "read", "what answers there speaks no HTTP"),
        (b"\x15\x03\x01\x00\x02\x02\x46", "read", "what answers there speaks no HTTP"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000 + b"\r\n\r\n", "read", "no HTTP"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: a\r\n" * 20_000 + b"\r\n", "read", "no HTTP"),
    ],
)  # fmt: skip
async def test_what_is_no_whole_answer_is_an_error_that_names_the_phase(
    said: bytes, phase: str, problem: str
) -> None:
    async with scripted({"/": said}) as server:
        error = await error_of(f"{server.url}/")
    assert error.phase == phase
    assert any(words in error.problem for words in problem.split("|")), error


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "br": lambda data: brotli.compress(data, quality=4),
    "zstd": zstd.compress,
}


@pytest.mark.parametrize("encoding", PACKERS)
async def test_a_bomb_is_left_at_the_limit(encoding: str) -> None:
    bomb = PACKERS[encoding](b"\0" * (8 * MIB))
    async with scripted({"/": answer(bomb, f"Content-Encoding: {encoding}")}) as server:
        error = await error_of(f"{server.url}/", most_bytes=MIB)
    assert isinstance(error, TooLong)
    assert "longer than 1048576 bytes" in str(error)


@pytest.mark.parametrize("encoding", PACKERS)
async def test_a_small_body_never_keeps_the_loop_from_others(encoding: str) -> None:
    bomb = PACKERS[encoding](b"\0" * (60 * MIB))
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async with (
        scripted({"/": answer(bomb, f"Content-Encoding: {encoding}")}) as server,
        FetchSession() as session,
        session.open(FetchRequest(url=f"{server.url}/")) as opened,
        asyncio.TaskGroup() as group,
    ):
        counting = group.create_task(count())
        before = turns
        assert sum([len(piece) async for piece in opened.pieces()]) == 60 * MIB
        counting.cancel()
    assert turns - before >= 50


@pytest.mark.parametrize("layers", ["gzip, gzip", "gzip, gzip, gzip"])
async def test_layers_of_compression_over_nothing_are_refused(layers: str) -> None:
    body = gzip.compress(gzip.compress(gzip.compress(b"") * 2000) * 10)
    async with scripted({"/": answer(body, f"Content-Encoding: {layers}")}) as server:
        assert "only one layer is taken off" in str(await error_of(f"{server.url}/"))


async def test_a_body_that_is_packed_otherwise_than_it_says_is_an_error() -> None:
    scripts = {"/no": answer(b"plain", "Content-Encoding: gzip"),
               "/cut": answer(gzip.compress(b"hello" * 1000)[:-9], "Content-Encoding: gzip"),
               "/odd": answer(b"plain", "Content-Encoding: rot13")}  # fmt: skip
    async with scripted(scripts) as server:
        assert "not compressed as the server says" in str(await error_of(f"{server.url}/no"))
        assert "ends too early" in str(await error_of(f"{server.url}/cut"))
        assert "in a way that is not known, 'rot13'" in str(await error_of(f"{server.url}/odd"))


async def test_a_length_above_the_limit_is_refused_before_the_body() -> None:
    async def endless(connection: Connection) -> None:
        await connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n")
        await connection.hang()

    async with scripted({"/": endless}) as server:
        assert isinstance(await error_of(f"{server.url}/"), TooLong)


async def test_a_stream_without_end_is_left_at_the_limit() -> None:
    async def endless(connection: Connection) -> None:
        await connection.send(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            await connection.send(b"x" * 65536)

    async with scripted({"/": endless}) as server:
        assert isinstance(await error_of(f"{server.url}/", most_bytes=3 * MIB), TooLong)


@pytest.mark.parametrize(
    ("begin", "phase"), [(b"", "wait"), (b"HTTP/1.1 200 OK\r\n", "wait"), (HEAD + b"half", "read")]
)
async def test_a_server_that_falls_silent_is_left(begin: bytes, phase: str) -> None:
    async def stall(connection: Connection) -> None:
        await connection.send(begin)
        await connection.hang()

    async with scripted({"/": stall}) as server:
        error = await error_of(f"{server.url}/", options=FetchOptions(silence_seconds=0.2))
    assert isinstance(error, Interrupted)
    assert (error.phase, error.problem) == (phase, "the server fell silent")


async def test_a_drip_is_left_when_the_whole_time_is_over() -> None:
    async def drip(connection: Connection) -> None:
        await connection.send(HEAD)
        while True:
            await connection.send(b".")
            await asyncio.sleep(0.05)

    async with scripted({"/": drip}) as server:
        error = await error_of(f"{server.url}/", seconds=0.5)
    assert isinstance(error, OutOfTime)
    assert str(error) == f"{server.url}/: read: not done within 0.5 s. --max-time gives it longer."


@pytest.mark.parametrize(
    "location",
    ["file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1/", "data:text/plain,x", "http://[::1/",
     "http://\x1b[31m/"],
)  # fmt: skip
async def test_a_redirect_to_what_is_no_page_is_never_followed(location: str) -> None:
    async with scripted({"/": answer(b"", f"Location: {location}", status="302 Found")}) as server:
        error = await error_of(f"{server.url}/")
    assert error.phase in {"redirect", "read"}
    assert len(server.asked) == 1


async def test_a_login_is_asked_for_by_another_server_in_vain() -> None:
    wants = answer(b"", 'WWW-Authenticate: Basic realm="x"', status="401 Unauthorized")
    async with scripted({"/": wants}) as thief:
        leads = answer(b"", f"Location: {thief.url}/", status="302 Found")
        async with scripted({"/": leads}) as server:
            page = await doorward.fetch(
                f"{server.url.replace('//', '//alice:sesame@')}/", headers={"Cookie": "a=b", "X-Key": "k"}
            )
    assert page.status == 401
    assert len(thief.asked) == 1
    sent = thief.asked[0].headers
    assert not {"authorization", "cookie", "x-key"} & set(sent)
    assert "referer" not in sent


@asynccontextmanager
async def digest_server(*, algorithm: str) -> AsyncIterator[ScriptedServer]:
    async def script(connection: Connection) -> None:
        if "authorization" in connection.asked.headers:
            await connection.send(echo(connection.asked))
        else:
            fields = (
                f'WWW-Authenticate: Digest realm="r", nonce="n", qop="auth", algorithm={algorithm}',
                'WWW-Authenticate: Basic realm="r"',
            )
            await connection.send(answer(b"", *fields, status="401 Unauthorized"))

    async with scripted({"/": script}) as server:
        yield server


async def test_a_login_of_netrc_does_not_follow_a_redirect_to_another_server(tmp_path: Path) -> None:
    netrc = await asyncio.to_thread(private, tmp_path / "netrc", "default login alice password sesame\n")
    options = FetchOptions(uses_netrc=True, environment={"NETRC": str(netrc)})
    wanted = answer(b"", 'WWW-Authenticate: Basic realm="x"', status="401 Unauthorized")
    async with scripted({"/": wanted}) as evil:
        leading = answer(b"", f"Location: {evil.url}/", status="302 Found")
        async with scripted({"/": leading}) as first:
            page = await doorward.fetch(f"{first.url}/", options=options, retries=0)
        assert page.status == 401
        assert [asked.headers.get("authorization") for asked in evil.asked] == [None]


def private(file: Path, text: str) -> Path:
    file.write_text(text)
    file.chmod(0o600)
    return file


async def test_a_password_is_not_shown_where_a_digest_of_it_will_do() -> None:
    async with digest_server(algorithm="SHA-256") as server:
        page = await doorward.fetch(f"{server.url}/?a=b", login=("alice", "sesame"), form={"p1": "6"})
    assert 'authorization: Digest username="alice", realm="r", nonce="n", uri="/?a=b"' in page.text
    assert "sesame" not in page.text
    assert page.text.endswith("p1=6")


async def test_a_login_does_not_go_in_the_clear_to_another_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    wants = answer(b"", 'WWW-Authenticate: Basic realm="x"', status="401 Unauthorized")
    async with scripted({"http://host.example/": wants, "/": wants}) as server:
        # a proxy is the way to have another machine's name without another machine
        options = FetchOptions(proxy=server.url)
        for secret in ({"login": ("alice", "sesame")}, {"bearer": "sesame"}):
            error = await error_of("http://host.example/", options=options, **secret)
            assert error.phase == "login"
            assert "could be read by everybody on the way" in error.problem
        page = await doorward.fetch(
            "http://host.example/", options=options, login=("alice", "sesame"), may_be_overheard=True
        )
    assert page.status == 401
    assert "authorization" in server.asked[-1].headers
    assert all("authorization" not in asked.headers for asked in server.asked[:-1])


async def test_a_html_page_with_200_is_what_came_and_says_what_it_is() -> None:
    async with scripted({"/": answer(b"<html>login</html>", "Content-Type: text/html")}) as server:
        page = await doorward.fetch(f"{server.url}/")
    assert page.headers["content-type"] == "text/html"


async def test_one_dead_address_family_does_not_keep_us_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name is ::1 first, where connections are taken by nobody, for the queue is full; and 127.0.0.1."""
    ask = asyncio.get_running_loop().getaddrinfo

    async def both_families(host: str, port: int, **hints: Any) -> list[Any]:
        if host != "both.example":
            return await ask(host, port, **hints)
        hints["family"] = socket.AF_UNSPEC
        return [each for at in ("::1", "127.0.0.1") for each in await ask(at, port, **hints)]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", both_families)
    async with scripted({"/": answer(b"here")}) as server:
        port = int(server.url.rpartition(":")[2])
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as dead:
            try:
                dead.bind(("::1", port))
            except OSError:
                pytest.skip("there is no IPv6 here, or its port is taken")
            dead.listen(0)
            waiting = [socket.socket(socket.AF_INET6, socket.SOCK_STREAM) for _ in range(3)]
            try:
                for each in waiting:
                    each.setblocking(False)
                    each.connect_ex(("::1", port))
                # a connection is waited for 20 s
                async with asyncio.timeout(15):
                    page = await doorward.fetch(f"http://both.example:{port}/", retries=0)
            finally:
                for each in waiting:
                    each.close()
    assert page.body == b"here"


@pytest.mark.asyncio(loop_factories=["uvloop", "asyncio"])
async def test_a_connection_that_nobody_takes_is_given_up_in_the_phase_that_it_hangs_in() -> None:
    with socket.socket() as dead:
        dead.bind(("127.0.0.1", 0))
        dead.listen(5)
        port = dead.getsockname()[1]
        error = await error_of(f"https://127.0.0.1:{port}/", seconds=0.5)
    assert isinstance(error, OutOfTime)
    assert error.phase == "TLS"


async def test_an_answer_to_nobody_leaves_the_next_request_alone() -> None:
    """What a server sends behind its answer is no answer to what is asked next."""
    extra = answer(b"one").replace(b"Connection: close\r\n", b"") + answer(b"smuggled")
    async with scripted({"/one": extra, "/two": answer(b"two")}) as server, FetchSession() as session:
        assert (await session.fetch(FetchRequest(url=f"{server.url}/one", retries=0))).body == b"one"
        assert (await session.fetch(FetchRequest(url=f"{server.url}/two", retries=0))).body == b"two"
