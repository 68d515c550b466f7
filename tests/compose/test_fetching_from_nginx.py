"""Fetching from a real server: redirects, ranges, compression, logins and TLS."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

import doorward
from doorward.clients.fetch.options import FetchOptions
from doorward.compose.fetching import FetchSession
from doorward.core.errors import ConnectError
from doorward.core.fetching import FetchRequest
from tests.fetch_servers import Site

pytestmark = pytest.mark.needs_program("nginx", package="nginx-light")

ALICE = ("alice", "sesame")


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    path.chmod(0o600 if path.name == "netrc" else 0o644)
    return path


async def test_a_page_comes_unpacked_with_its_headers(nginx: Site) -> None:
    page = await doorward.fetch(f"{nginx.plain}/hello.txt")
    assert (page.status, page.text) == (200, "hello there\n" * 50)
    assert page.headers["content-encoding"] == "gzip"
    assert page.headers["server"].startswith("nginx")
    assert page.url == f"{nginx.plain}/hello.txt"


async def test_what_is_not_there_is_an_answer_with_its_page(nginx: Site) -> None:
    page = await doorward.fetch(f"{nginx.plain}/nothing")
    assert (page.status, page.reason, page.is_success) == (404, "Not Found", False)
    assert b"404 Not Found" in page.body


async def test_a_redirect_is_followed_and_the_address_in_the_end_is_told(nginx: Site) -> None:
    page = await doorward.fetch(f"{nginx.plain}/moved")
    assert page.url == f"{nginx.plain}/hello.txt"
    assert page.status == 200


async def test_secrets_do_not_follow_to_another_server(nginx: Site) -> None:
    page = await doorward.fetch(f"{nginx.plain}/elsewhere", headers={"apiKey": "secret"}, bearer="token")
    assert page.status == 200
    assert page.url.endswith("/hello.txt?elsewhere")
    (first,) = await asyncio.to_thread(nginx.seen, "/elsewhere")
    assert first.endswith('"Bearer token" "secret"')
    second = await asyncio.to_thread(nginx.seen, "/hello.txt?elsewhere")
    assert [line[-11:] for line in second] == ['"-" "-" "-"']


@pytest.mark.parametrize("path", ["/loop"])
async def test_a_loop_of_redirects_is_left(nginx: Site, path: str) -> None:
    with pytest.raises(ConnectError, match="redirect: more than 5 redirects"):
        await doorward.fetch(nginx.plain + path)


async def test_a_page_of_https_does_not_lead_to_http(nginx: Site) -> None:
    options = FetchOptions(authorities=nginx.authority)
    with pytest.raises(ConnectError, match="redirect: it leads from https to http://localhost"):
        await doorward.fetch(f"{nginx.tls}/downgrade", options=options)


async def test_tls_is_believed_by_the_authority_that_is_named_and_by_no_other(nginx: Site) -> None:
    page = await doorward.fetch(f"{nginx.tls}/hello.txt", options=FetchOptions(authorities=nginx.authority))
    assert page.status == 200
    with pytest.raises(ConnectError, match=r"TLS: the server's certificate is refused: .*--ca FILE"):
        await doorward.fetch(f"{nginx.tls}/hello.txt")
    with pytest.raises(
        ConnectError, match=r"TLS: the server's certificate is refused: .*IP address mismatch"
    ):
        await doorward.fetch(
            f"{nginx.tls.replace('localhost', '127.0.0.1')}/hello.txt",
            options=FetchOptions(authorities=nginx.authority),
        )


async def test_http_at_the_port_of_https_says_what_to_type(nginx: Site) -> None:
    with pytest.raises(ConnectError, match=r"TLS: what answers there speaks no TLS. .*http://"):
        await doorward.fetch(f"https{nginx.plain.removeprefix('http')}/", retries=0)


async def test_whoever_knows_the_password_gets_in(nginx: Site) -> None:
    url = f"{nginx.plain}/private/hello.txt"
    assert (await doorward.fetch(url, login=ALICE)).status == 200
    assert (await doorward.fetch(url)).status == 401
    assert (await doorward.fetch(url, login=("alice", "wrong"))).status == 401
    assert (await doorward.fetch(url.replace("//", "//alice:sesame@"))).status == 200


async def test_a_login_is_looked_up_in_netrc_by_the_name_of_the_host(nginx: Site, tmp_path: Path) -> None:
    netrc = await asyncio.to_thread(
        written, tmp_path / "netrc", b"machine 127.0.0.1 login alice password sesame\n"
    )
    options = FetchOptions(uses_netrc=True, environment={"NETRC": str(netrc)})
    url = f"{nginx.plain}/private/hello.txt"
    assert (await doorward.fetch(url, options=options)).status == 200
    assert (await doorward.fetch(url.replace("127.0.0.1", "localhost"), options=options)).status == 401


async def test_the_rest_of_a_file_is_asked_for_and_a_changed_one_comes_whole(nginx: Site) -> None:
    path = await asyncio.to_thread(written, nginx.root / "changing", b"0123456789" * 10)
    request = FetchRequest(url=f"{nginx.plain}/changing")
    async with FetchSession() as session:
        async with session.open(request) as opened:
            whole = opened.head
            assert (whole.size, whole.from_bytes) == (100, 0)
            assert whole.validator.startswith('"')
        rest = request.resumed(95, whole.validator)
        async with session.open(rest) as opened:
            assert (opened.head.status, opened.head.from_bytes, opened.head.size) == (206, 95, 100)
            assert b"".join([piece async for piece in opened.pieces()]) == b"56789"
        await asyncio.to_thread(written, path, b"another one")
        async with session.open(rest) as opened:
            assert (opened.head.status, opened.head.from_bytes) == (200, 0)
            assert b"".join([piece async for piece in opened.pieces()]) == b"another one"
        async with session.open(replace(rest, from_bytes=5000)) as opened:
            assert opened.head.from_bytes == 0


async def test_many_at_once_share_connections(nginx: Site) -> None:
    async with FetchSession() as session:
        pages = await asyncio.gather(
            *(session.fetch(FetchRequest(url=f"{nginx.plain}/blob?{number}")) for number in range(40))
        )
    assert all(page.body == bytes(range(256)) * 8192 for page in pages)


async def test_a_head_has_no_body(nginx: Site) -> None:
    page = await doorward.fetch(f"{nginx.plain}/blob", method="HEAD")
    assert (page.headers["content-length"], page.body) == (str(256 * 8192), b"")


def test_a_program_without_a_loop_fetches_too(nginx: Site) -> None:
    assert doorward.fetch_blocking(f"{nginx.plain}/hello.txt").status == 200


async def test_the_blocking_twin_refuses_to_hold_up_a_loop(nginx: Site) -> None:
    with pytest.raises(doorward.DoorwardError, match="would hold up the event loop"):
        doorward.fetch_blocking(f"{nginx.plain}/hello.txt")
