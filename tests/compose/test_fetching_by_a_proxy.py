"""Fetching by a real proxy: pages in plain text and tunnels, with a login and without."""

import asyncio

import pytest

import doorward
from doorward.clients.fetch.options import FetchOptions
from doorward.core.errors import ConnectError
from tests.fetch_servers import Site, free_ports

pytestmark = [
    pytest.mark.needs_program("nginx", package="nginx-light"),
    pytest.mark.needs_program("tinyproxy", package="tinyproxy"),
]


async def test_a_page_comes_by_a_proxy(nginx: Site, proxy: str) -> None:
    page = await doorward.fetch(f"{nginx.plain}/hello.txt", options=FetchOptions(proxy=proxy))
    assert page.status == 200
    assert "tinyproxy" in page.headers["via"]


async def test_a_page_of_https_comes_through_a_tunnel_that_the_proxy_cannot_look_into(
    nginx: Site, proxy: str
) -> None:
    options = FetchOptions(proxy=proxy, authorities=nginx.authority)
    page = await doorward.fetch(f"{nginx.tls}/hello.txt", options=options)
    assert page.status == 200
    assert "via" not in page.headers
    with pytest.raises(ConnectError, match="TLS: the server's certificate is refused"):
        await doorward.fetch(f"{nginx.tls}/hello.txt", options=FetchOptions(proxy=proxy))


async def test_the_environment_names_the_proxy_and_what_goes_without_one(nginx: Site, proxy: str) -> None:
    environment = {"http_proxy": proxy}
    page = await doorward.fetch(f"{nginx.plain}/empty", options=FetchOptions(environment=environment))
    assert "via" in page.headers
    environment["no_proxy"] = "127.0.0.0/8"
    page = await doorward.fetch(f"{nginx.plain}/empty", options=FetchOptions(environment=environment))
    assert "via" not in page.headers


@pytest.mark.parametrize("scheme", ["plain", "tls"])
async def test_a_proxy_that_wants_a_login_gets_it_or_says_so(
    nginx: Site, proxy_with_login: str, scheme: str
) -> None:
    url = f"{getattr(nginx, scheme)}/hello.txt"

    def through(login: str) -> FetchOptions:
        return FetchOptions(proxy=f"http://{login}{proxy_with_login}", authorities=nginx.authority)

    assert (await doorward.fetch(url, options=through("bob:tunnel@"))).status == 200
    with pytest.raises(ConnectError, match=r"proxy: the proxy http://127.0.0.1:[0-9]+/? wants a login"):
        await doorward.fetch(url, options=through(""))
    if scheme == "tls":
        with pytest.raises(ConnectError, match="refuses the login") as caught:
            await doorward.fetch(url, options=through("bob:s3cret@"))
        assert "s3cret" not in str(caught.value)
    else:  # tinyproxy says so as a server would
        assert (await doorward.fetch(url, options=through("bob:s3cret@"))).status == 401


async def test_the_login_of_a_proxy_goes_to_no_server(nginx: Site, proxy_with_login: str) -> None:
    options = FetchOptions(proxy=f"http://bob:tunnel@{proxy_with_login}")
    assert (await doorward.fetch(f"{nginx.plain}/blob?by-proxy", options=options)).status == 200
    (seen,) = await asyncio.to_thread(nginx.seen, "/blob?by-proxy")
    assert seen.endswith('"-" "-" "-"')


async def test_a_proxy_that_is_not_there_is_told_apart_from_the_server(nginx: Site) -> None:
    options = FetchOptions(proxy=f"http://127.0.0.1:{free_ports(1)[0]}")
    with pytest.raises(ConnectError, match=r"connect: the proxy http://127.0.0.1:.* connection refused"):
        await doorward.fetch(f"{nginx.plain}/hello.txt", options=options)


async def test_a_server_behind_a_proxy_that_cannot_be_reached_is_told(proxy: str) -> None:
    (port,) = free_ports(1)
    with pytest.raises(ConnectError, match=r"proxy: the proxy .* answered 5"):
        await doorward.fetch(f"https://127.0.0.1:{port}/", options=FetchOptions(proxy=proxy), retries=0)
