"""Fetching from a real server of FTP, over TLS, as from any other."""

from collections.abc import Iterator

import pytest

import doorward
from doorward.clients.fetch.options import FetchOptions
from doorward.clients.ftp.settings import Security
from doorward.compose.fetching import FetchSession
from doorward.core.errors import ConnectError
from doorward.core.fetching import FetchRequest
from tests.clients.ftp.servers import PASSWORD, RealServer, needs_proftpd, needs_root, proftpd_running

pytestmark = [needs_proftpd, needs_root, pytest.mark.may_block("a test writes what the server sends")]


@pytest.fixture(scope="module")
def server() -> Iterator[RealServer]:
    with proftpd_running(Security.EXPLICIT) as running:
        yield running


def url_of(server: RealServer, name: str) -> str:
    login = f"alice:{PASSWORD.replace(' ', '%20')}@"
    return f"{server.server.url.replace('//', f'//{login}')}{server.inside}/{name}"


def options_for(server: RealServer) -> FetchOptions:
    return FetchOptions(authorities=server.server.trust.authorities)


async def test_a_file_comes_whole_and_its_address_is_shown_without_the_login(server: RealServer) -> None:
    (server.folder / "blob").write_bytes(b"0123456789" * 1000)
    page = await doorward.fetch(url_of(server, "blob"), options=options_for(server))
    assert page.body == b"0123456789" * 1000
    assert page.url == f"{server.server.url}{server.inside}/blob"


async def test_the_rest_of_a_file_comes_while_it_is_the_same(server: RealServer) -> None:
    path = server.folder / "growing"
    path.write_bytes(b"0123456789")
    request = FetchRequest(url=url_of(server, "growing"))
    async with FetchSession(options_for(server)) as session:
        async with session.open(request) as opened:
            assert (opened.head.size, opened.head.from_bytes) == (10, 0)
            assert b"".join([piece async for piece in opened.pieces()]) == b"0123456789"
            rest = request.resumed(4, opened.head.validator)
        async with session.open(rest) as opened:
            assert opened.head.from_bytes == 4
            assert b"".join([piece async for piece in opened.pieces()]) == b"456789"
        path.write_bytes(b"something else")
        async with session.open(rest) as opened:
            assert opened.head.from_bytes == 0


async def test_what_is_not_there_or_not_for_us_is_an_error_without_the_password(server: RealServer) -> None:
    with pytest.raises(ConnectError, match="550"):
        await doorward.fetch(url_of(server, "nothing"), options=options_for(server))
    wrong = url_of(server, "blob").replace("open", "0pen")
    with pytest.raises(ConnectError) as caught:
        await doorward.fetch(wrong, options=options_for(server))
    assert "0pen" not in str(caught.value)


async def test_nothing_is_sent_by_ftp(server: RealServer) -> None:
    with pytest.raises(ConnectError, match="over ftpes nothing can be sent"):
        await doorward.fetch(url_of(server, "blob"), form={"p1": "6"}, options=options_for(server))
