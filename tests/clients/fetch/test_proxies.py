import pytest

from doorward.clients.fetch.addresses import read_address
from doorward.clients.fetch.proxies import read_proxies
from doorward.core.errors import ConnectError


def proxy_for(url: str, option: str = "", **environment: str) -> str:
    proxy = read_proxies(option, environment).proxy_for(read_address(url))
    return proxy.shown if proxy is not None else ""


def test_the_environment_says_a_proxy_for_each_scheme() -> None:
    environment = {"http_proxy": "http://one:3128", "HTTPS_PROXY": "two:8080"}
    assert proxy_for("http://example.org/", **environment) == "http://one:3128"
    assert proxy_for("https://example.org/", **environment) == "http://two:8080"
    assert proxy_for("https://example.org/", all_proxy="http://three") == "http://three"
    assert proxy_for("http://example.org/") == ""


def test_http_proxy_in_capitals_may_come_from_a_request_and_does_not_count() -> None:
    assert proxy_for("http://example.org/", HTTP_PROXY="http://evil") == ""


def test_an_option_goes_before_the_environment() -> None:
    assert proxy_for("http://a/", "http://one:1", http_proxy="http://two:2", no_proxy="*") == "http://one:1"
    assert proxy_for("http://a/", "none", http_proxy="http://two:2") == ""


@pytest.mark.parametrize(
    ("url", "no_proxy", "is_direct"),
    [
        ("http://example.org/", "example.org", True),
        ("http://www.example.org/", "example.org", True),
        ("http://www.example.org/", ".example.org", True),
        ("http://example.org/", "*.example.org", True),
        ("http://notexample.org/", "example.org", False),
        ("http://example.org:81/", "example.org:80", False),
        ("http://example.org:81/", "other, example.org:81", True),
        ("http://127.0.0.1/", "127.0.0.0/8", True),
        ("http://10.1.2.3/", "127.0.0.0/8", False),
        ("http://[::1]/", "::1", True),
        ("http://[::1]:80/", "[::1]", True),
        ("http://example.org/", "*", True),
        ("http://example.org/", ",  ,.", False),
    ],
)
def test_exempt_hosts_are_asked_directly(url: str, no_proxy: str, *, is_direct: bool) -> None:
    assert proxy_for(url, http_proxy="http://proxy:3128", no_proxy=no_proxy) == (
        "" if is_direct else "http://proxy:3128"
    )


def test_what_is_no_proxy_is_said_without_its_login() -> None:
    with pytest.raises(ConnectError, match=r"\$https_proxy is no proxy of HTTP") as caught:
        read_proxies("", {"https_proxy": "socks5://alice:secret@host:1080"})
    assert "secret" not in str(caught.value)
