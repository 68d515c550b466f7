import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.clients.ftp.settings import FtpServer, Security
from doorward.clients.ftp.urls import FtpLocation, parse_ftp_url
from doorward.core.errors import ConnectError
from doorward.core.secret import Secret


@pytest.mark.parametrize(
    ("url", "server", "path"),
    [
        ("ftp://example.org/pub/a.txt", FtpServer(host="example.org", security=Security.NONE), "pub/a.txt"),
        ("ftp://example.org/%2Fetc/motd", FtpServer(host="example.org", security=Security.NONE), "/etc/motd"),
        ("ftp://EXAMPLE.org/a;type=i", FtpServer(host="example.org", security=Security.NONE), "a"),
        ("ftpes://al%40ice@example.org:2121/a", FtpServer(host="example.org", port=2121, user="al@ice"), "a"),
        ("ftps://[::1]/a%20%C3%A9%E9", FtpServer(host="::1", security=Security.EITHER), "a é\udce9"),
        ("ftps://192.0.2.1/a", FtpServer(host="192.0.2.1", security=Security.EITHER), "a"),
    ],
)
def test_a_url_says_where_and_what(url: str, server: FtpServer, path: str) -> None:
    assert parse_ftp_url(url) == FtpLocation(server, path)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://example.org/a", "no address of a file"),
        ("example.org/a", "no address of a file"),
        ("ftp:///a", "no address of a file"),
        ("ftp://example.org:0/a", "no address of a file"),
        ("ftp://example.org:70000/a", "ort out of range"),
        ("ftp://[::1/a", "nvalid"),
        ("ftp://alice:sesame@example.org/a", "no password"),
        ("ftp://example.org", "names a folder"),
        ("ftp://example.org/", "names a folder"),
        ("ftp://example.org/a/", "names a folder"),
        ("ftp://example.org/a;type=a", "only whole files"),
        ("ftp://example.org/a;type=d", "only whole files"),
        ("ftp://example.org/a?b", "written %3F"),
        ("ftp://example.org/a#b", "written %3F"),
        ("ftp://example.org/a%0D%0ADELE%20b", "a line end"),
        ("ftp://example.org/a%00", "a line end"),
        ("ftp://al%0Aice@example.org/a", "a line end"),
        ("ftp://example.org/a b", "control character"),
        ("ftp://example.org/a\nb", "control character"),
    ],
)
def test_what_names_no_file_is_told(url: str, problem: str) -> None:
    with pytest.raises(ConnectError, match=problem) as caught:
        parse_ftp_url(url)
    assert "sesame" not in str(caught.value)


@given(st.text())
def test_only_the_documented_error_escapes(text: str) -> None:
    for url in (text, f"ftp://{text}", f"ftp://{text}/a", f"ftp://a/{text}"):
        try:
            parse_ftp_url(url)
        except ConnectError:
            continue


def test_a_server_is_shown_without_who_asks_there() -> None:
    server = FtpServer(host="::1", user="alice", password=Secret("sesame"))
    assert server.url == "ftpes://[::1]"
    assert FtpServer(host="a", port=21).url == "ftpes://a"
    assert FtpServer(host="a", port=21, security=Security.IMPLICIT).url == "ftps://a:21"
    assert "sesame" not in repr(server)
    assert (server.endpoint.port, FtpServer(host="a", security=Security.IMPLICIT).endpoint.port) == (21, 990)


def test_only_this_machine_may_be_told_a_password_in_the_clear() -> None:
    assert FtpServer(host="127.0.0.1", security=Security.NONE).is_confidential
    assert not FtpServer(host="192.0.2.1", security=Security.NONE).is_confidential
    assert FtpServer(host="192.0.2.1").is_confidential
