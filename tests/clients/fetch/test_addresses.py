import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorward.clients.fetch.addresses import read_address
from doorward.core.errors import ConnectError


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("http://example.org", "http://example.org"),
        ("HTTP://EXAMPLE.org:8080/A?b=c#part", "http://example.org:8080/A?b=c"),
        ("https://[::1]:7024/x", "https://[::1]:7024/x"),
        ("http://example.org/a b/ä", "http://example.org/a%20b/%C3%A4"),
        ("http://example.org/%7Ealice/%2F?q=a%20b+c", "http://example.org/%7Ealice/%2F?q=a%20b+c"),
        ("http://example.org/a/../b", "http://example.org/b"),
        ("http://bücher.example/", "http://xn--bcher-kva.example/"),
    ],
)
def test_a_url_is_asked_for_as_it_was_meant(typed: str, asked: str) -> None:
    assert str(read_address(typed).url) == asked


def test_a_login_in_a_url_is_taken_out_and_never_shown() -> None:
    address = read_address("http://alice:p%40ss@example.org/page")
    assert address.login is not None
    assert (address.login.name, address.login.secret.revealed) == ("alice", "p@ss")
    assert address.shown == "http://example.org/page"
    assert "p@ss" not in repr(address)


@pytest.mark.parametrize(
    "typed",
    ["", "http://", "http:///path", "example.org", "ftp://example.org/", "http://a:99999/", "http://[::1/",
     "http://exa mple.org/", "http://al:se/cret@host/"],
)  # fmt: skip
def test_what_is_no_url_of_http_is_said_and_no_password_with_it(typed: str) -> None:
    with pytest.raises(ConnectError, match="no URL of HTTP") as caught:
        read_address(typed)
    assert "cret" not in str(caught.value)


@given(text=st.text(max_size=60))
def test_whatever_is_typed_only_the_documented_error_escapes(text: str) -> None:
    for typed in (text, f"http://{text}"):
        try:
            read_address(typed)
        except ConnectError:
            continue
